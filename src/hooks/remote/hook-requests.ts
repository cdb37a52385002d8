// One request to a backend whose answer somebody waits for, from begin to end: it is sent when its sender's turn comes, the state in the
// answer is remembered, its messages are published. What goes wrong is thrown as an error that a client may see (client-errors.ts).
import { LabaError } from "../../../wire/error.ts"
import { addressGroupOf } from "../../access/origins/client-address.ts"
import type { Visitor } from "../hooks.ts"
import { checkRegisterAnswer, clientErrorOf, unusableAnswer } from "./client-errors.ts"
import { BackendFailure } from "./delivery/backend-failure.ts"
import { type Sender, senderOf } from "./delivery/fair-queue.ts"
import type { HookRoute } from "./hook-routes.ts"
import type { Registration, Registrations } from "./registrations/registrations.ts"
import type { Answer, AnswerMessage, AskEvent, Delivery, MessageEvent, SubscribeEvent } from "./remote.ts"

interface HookRequestsOptions {
  /** Names this run of this node. */
  readonly node: string
  readonly registrations: Registrations
  /** Publishes for a backend, in order. Throws `LabaError`. */
  readonly publish: (channel: string, message: AnswerMessage) => Promise<void>
  readonly now: () => number
}

/** Who asks: their connection as it was registered, if it was, and in whose turn they wait. */
interface Asker {
  readonly registration: Registration | null
  readonly sender: Sender
}

export class HookRequests {
  private readonly options: HookRequestsOptions

  constructor(options: HookRequestsOptions) {
    this.options = options
  }

  /** Asks about a message or a subscription. The state goes to the backend that gave it, and to no other. Throws `LabaError`. */
  ask(
    route: HookRoute,
    event: Omit<MessageEvent, "state"> | Omit<SubscribeEvent, "state">,
    { registration, sender }: Asker,
  ): Promise<Answer> {
    const own = registration?.hook === route.hook ? registration : null
    return this.during(own, async () => {
      const delivery = this.deliveryOf({ ...event, state: own?.state } as AskEvent, registration)
      let answer: Answer
      try {
        answer = await route.backend.ask(delivery, sender)
      } catch (error) {
        throw clientErrorOf(error)
      }
      if (own) this.rememberState(own, answer)
      await this.publishAll(event.channel, answer)
      return answer
    })
  }

  /** Asks whether a connection may be opened. Throws `LabaError`. */
  async register(route: HookRoute, visitor: Visitor, registration: Registration | null): Promise<Answer> {
    if (route.hook.urls.register === undefined) return {}
    const { connection, transport, channel, user, address } = visitor
    const facts = { connection, transport, channel, user, state: undefined }
    const delivery = this.deliveryOf({ kind: "register", ...facts, visitor }, null)
    return this.during(registration, async () => {
      let answer: Answer
      try {
        answer = await route.backend.ask(delivery, senderOf(user, addressGroupOf(address)))
        checkRegisterAnswer(answer, visitor)
      } catch (error) {
        // Only a backend that may have let it in is told of its end: not one that refused it or was never reached.
        const isKnown = error instanceof BackendFailure && error.sent
        if (registration && !isKnown) this.options.registrations.forget(registration)
        throw clientErrorOf(error)
      }
      if (registration) {
        registration.user = answer.user ?? user
        this.rememberState(registration, answer, registration.user !== undefined)
      }
      await this.publishAll(channel, answer)
      return answer
    })
  }

  private during<T>(registration: Registration | null, work: () => Promise<T>): Promise<T> {
    return registration ? this.options.registrations.during(registration, work) : work()
  }

  private deliveryOf(event: AskEvent, registration: Registration | null): Delivery<AskEvent> {
    const { connection, kind } = event
    const { node, now } = this.options
    const time = now()
    if (kind === "register") return { event, time, id: `${connection}/register` }
    if (!registration) return { event, time, id: `${connection || node}/${kind}/${crypto.randomUUID()}` }
    registration.messages++
    return { event, time, id: `${connection}/${kind}/${registration.messages}` }
  }

  private rememberState(registration: Registration, { state }: Answer, isNamed = false): void {
    if (state !== undefined) registration.state = state ?? undefined
    if (isNamed || state !== undefined) this.options.registrations.update(registration)
  }

  private async publishAll(channel: string | null, { publish }: Answer): Promise<void> {
    if (publish === undefined || typeof publish === "boolean") return
    for (const message of publish) {
      const name = message.channel ?? channel
      if (name === null)
        throw clientErrorOf(
          unusableAnswer("a message in `publish` needs a `channel`, since the connection has none"),
        )
      try {
        await this.options.publish(name, message)
      } catch (error) {
        throw error instanceof LabaError && error.retry === "back-off"
          ? error
          : clientErrorOf(unusableAnswer(`a message in \`publish\` was refused: ${String(error)}`))
      }
    }
  }
}
