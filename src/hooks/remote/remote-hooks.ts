// The application's say over HTTP: which backend is asked or told about whom, and what comes of its answer. How requests look
// is the dialects' affair, how many there are the backends'.
import { addressGroupOf } from "../../access/origins/client-address.ts"
import { type Sender, senderOf } from "./delivery/fair-queue.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ClientMessage, Disconnected, Verdict, Visitor, Welcome } from "../hooks.ts"
import { type HookRoute, HookRoutes, type HookRoutesOptions } from "./hook-routes.ts"
import { checkRegisterAnswer, clientErrorOf, notRegisteredHere, wrongAnswer } from "./client-errors.ts"
import { BackendFailure } from "./delivery/backend-failure.ts"
import { Occupancy } from "./registrations/occupancy.ts"
import { type Ending, notOpened, type Registration, Registrations } from "./registrations/registrations.ts"
import type {
  Answer,
  AnswerMessage,
  AskEvent,
  Delivery,
  HookedConnection,
  HookNotification,
} from "./remote.ts"

export interface RemoteHooksOptions extends HookRoutesOptions {
  /** Names this run of this node. */
  readonly node: string
  /** Publishes for a backend, in order. Throws `LabaError`. */
  readonly publish: (channel: string, message: AnswerMessage) => Promise<void>
  readonly isOpen: (connection: string) => boolean
  /** Ends a connection whose end a backend was told already. */
  readonly dismiss: (connection: string) => void
  readonly storedMax?: number
}

/** Somebody who asks for something over a connection. */
export interface Requester extends Pick<HookedConnection, "connection" | "transport" | "user"> {
  readonly sender: Sender
}

const sweepMs = 10_000

export class RemoteHooks {
  readonly durable: boolean
  readonly routes: HookRoutes
  readonly registrations: Registrations
  /** Which channels somebody listens to. Null when no backend wants to hear of it. */
  readonly occupancy: Occupancy | null
  private readonly options: RemoteHooksOptions
  private readonly now: () => number
  private readonly sweeper: ReturnType<typeof setInterval>

  constructor(options: RemoteHooksOptions) {
    this.options = options
    this.durable = options.store.durable
    this.now = options.now ?? Date.now
    this.routes = new HookRoutes(options)
    this.registrations = new Registrations({
      store: options.store,
      tell: (tell) => this.routes.named(tell.hook)?.notifications.add(tell),
      pending: () => this.routes.pending,
      isOpen: options.isOpen,
      now: this.now,
      ...(options.storedMax !== undefined && { storedMax: options.storedMax }),
    })
    this.occupancy = this.makeOccupancy()
    this.sweeper = setInterval(() => this.registrations.sweep(), sweepMs)
    this.sweeper.unref?.()
    this.routes.takeUp(options.store.load())
    options.store.begin?.({
      adopted: (tells) => this.adopt(tells),
      leaseLost: (kept) => {
        for (const { notifications } of this.routes.all) notifications.dropOthers(kept)
        for (const connection of this.registrations.fence(kept)) options.dismiss(connection)
        this.occupancy?.leaseLost(kept)
      },
      kept: () => this.kept(),
    })
  }

  /** Whether somebody has a say about who listens there. */
  asksAboutVisit(visit: Pick<Visitor, "channel" | "channels">): boolean {
    return (
      this.routes.forConnection(visit) !== undefined ||
      visit.channels.some((channel) => this.routes.for(channel))
    )
  }

  /** Whether somebody has a say about what clients send there. */
  asksAboutMessage(channel: string): boolean {
    return this.routes.for(channel) !== undefined
  }

  /** Throws `LabaError`. */
  async register(visitor: Visitor): Promise<Welcome> {
    const route = this.routes.forConnection(visitor)
    const registration = route ? await this.begin(visitor, route) : null
    try {
      const answer = route ? await this.askToRegister(visitor, route, registration) : {}
      const user = answer.user ?? visitor.user
      const { connection, transport } = visitor
      const actor: Requester = { connection, transport, user, sender: senderOfVisitor(visitor) }
      for (const channel of visitor.channels) await this.listening(actor, channel, route)
      const { channels, subprotocol, reply } = answer
      return {
        ...(answer.user !== undefined && { user: answer.user }),
        ...(channels && { channels }),
        ...(subprotocol !== undefined && { subprotocol }),
        ...(reply !== undefined && { reply }),
      }
    } catch (error) {
      this.abandon(visitor.connection)
      throw error
    }
  }

  /** It was let in by its backend and by nobody else, or did not come. */
  abandon(connection: string): void {
    this.registrations.end(connection, notOpened)
  }

  gone({ connection, ...ending }: Pick<Disconnected, "connection"> & Ending): void {
    this.registrations.end(connection, ending)
  }

  /** Lets somebody listen to one more channel. Throws `LabaError`. */
  async subscribe(actor: Requester, channel: string): Promise<void> {
    const registration = this.registrations.find(actor.connection)
    if (registration) this.registrations.name(registration, actor.user)
    await this.listening(actor, channel, registration ? this.routes.named(registration.hook.name) : undefined)
  }

  /** What becomes of what a client sent. Null: nobody has a say about it. Throws `LabaError`. */
  async message(message: ClientMessage, sender: Sender): Promise<Verdict | null> {
    const route = this.routes.for(message.channel)
    if (!route) return null
    const registration = this.registrations.find(message.connection)
    if (registration) this.registrations.name(registration, message.user)
    const isHome = registration?.hook === route.hook
    if (route.hook.urls.register !== undefined && !isHome) throw notRegisteredHere(message.channel)
    const kind = route.hook.urls.transport === undefined ? "publish" : "transport"
    if (route.hook.urls[kind] === undefined) return null
    const { channel, type, data, connection, transport, user } = message
    const event: AskEvent = {
      kind,
      channel,
      type,
      data,
      connection,
      transport,
      user,
      state: isHome ? registration.state : undefined,
    }
    return this.about(isHome ? registration : null, async () => {
      const answer = await this.ask(route, this.deliveryOf(event, registration), sender)
      if (isHome) this.remember(registration, answer)
      await this.publishAll(channel, answer)
      const { reply, publish } = answer
      // A message that a backend takes is its own, unless it says otherwise; one that it is asked to let pass, passes.
      const published = kind === "transport" ? publish === true : Array.isArray(publish) ? false : publish
      return {
        ...(published !== undefined && { publish: published as boolean }),
        ...(reply !== undefined && { reply }),
      }
    })
  }

  /** What becomes of a publish by a request. Null: nobody has a say about it. Throws `LabaError`. */
  async publishing(
    message: Pick<ClientMessage, "channel" | "type" | "data" | "user">,
    sender: Sender,
  ): Promise<Verdict | null> {
    const route = this.routes.for(message.channel)
    if (route?.hook.urls.publish === undefined) return null
    const { channel, type, data, user } = message
    const event: AskEvent = {
      kind: "publish",
      channel,
      type,
      data,
      connection: "",
      transport: "poll",
      user,
      state: undefined,
    }
    const answer = await this.ask(route, this.deliveryOf(event, null), sender)
    await this.publishAll(channel, answer)
    if (answer.publish === undefined) return {}
    return { publish: answer.publish === true }
  }

  /** Whether a publish by a request is asked about. */
  asksAboutPublish(channel: string): boolean {
    return this.routes.for(channel)?.hook.urls.publish !== undefined
  }

  /** Tells what it can within the time, and stops. What is left is told after a restart, where it is remembered. */
  async close(withinMs: number): Promise<void> {
    clearInterval(this.sweeper)
    await within(withinMs, this.deliverTheRest())
    for (const { notifications, hook } of this.routes.all) {
      notifications.stop()
      if (notifications.pending > 0 && !this.durable)
        this.options.onLost(hook.name, `${notifications.pending} not told before the end`)
    }
    await this.options.store.close()
  }

  private async deliverTheRest(): Promise<void> {
    await this.occupancy?.close()
    // A backend that is away hears it after the restart; one that has only this process left is waited for in any case.
    const worthIt = this.routes.all.filter(
      ({ backend }) => !this.durable || backend.circuit.state === "closed",
    )
    await Promise.all(worthIt.map(({ notifications }) => notifications.flushed()))
  }

  /** What a dead node had to tell, and what it had to leave. */
  private adopt(tells: readonly HookNotification[]): void {
    this.routes.takeUp(tells.filter(({ isWill }) => !isWill))
    for (const will of tells.filter(({ isWill }) => isWill)) {
      if (this.occupancy) this.occupancy.inherit(will)
      else this.options.store.remove(will.id)
    }
  }

  /** What must outlive this process: last wills, and what no backend has heard yet. */
  private *kept(): Iterable<HookNotification> {
    yield* this.registrations.wills()
    if (this.occupancy) yield* this.occupancy.wills()
    // After the wills: what is to be told stands in the place of the will that it was.
    for (const { notifications } of this.routes.all) yield* notifications.all()
  }

  private makeOccupancy(): Occupancy | null {
    const { node, store } = this.options
    if (!this.routes.all.some(({ hook: { urls } }) => urls.occupied ?? urls.vacated)) return null
    return new Occupancy({
      node,
      store,
      hookOf: (channel) => {
        const hook = this.routes.for(channel)?.hook
        const tells = (["occupied", "vacated"] as const).filter((kind) => hook?.urls[kind] !== undefined)
        return hook && tells.length > 0 ? { name: hook.name, tells } : null
      },
      tell: (tell) => this.routes.named(tell.hook)?.notifications.add(tell),
      now: this.now,
    })
  }

  /** A plain poll is over with its answer: nobody is told of its end. */
  private async begin(visitor: Visitor, { hook }: HookRoute): Promise<Registration | null> {
    const { connection, transport, protocol, channel, user } = visitor
    if (hook.dialect === "tencent" && transport !== "websocket")
      throw new LabaError("forbidden", "This channel is for WebSockets.")
    if (transport === "poll" && protocol === "raw") return null
    return this.registrations.add({ connection, transport, channel, user, state: undefined }, hook)
  }

  private async askToRegister(
    visitor: Visitor,
    route: HookRoute,
    registration: Registration | null,
  ): Promise<Answer> {
    if (route.hook.urls.register === undefined) return {}
    const { connection, transport, channel, user } = visitor
    const event: AskEvent = {
      kind: "register",
      connection,
      transport,
      channel,
      user,
      state: undefined,
      visitor,
    }
    return this.about(registration, async () => {
      let answer: Answer
      try {
        answer = await route.backend.ask(this.deliveryOf(event, null), senderOfVisitor(visitor))
        checkRegisterAnswer(answer, visitor)
      } catch (error) {
        // Only who may have heard of the beginning hears of the end.
        const isKnown = error instanceof BackendFailure && error.sent
        if (registration && !isKnown) this.registrations.forget(registration)
        throw clientErrorOf(error)
      }
      if (registration) {
        registration.user = answer.user ?? user
        this.remember(registration, answer, true)
      }
      await this.publishAll(channel, answer)
      return answer
    })
  }

  private async listening(
    { sender, ...actor }: Requester,
    channel: string,
    home: HookRoute | undefined,
  ): Promise<void> {
    const route = this.routes.for(channel)
    if (!route) return
    if (route.hook.urls.subscribe === undefined) {
      if (route.hook.urls.register !== undefined && route !== home) throw notRegisteredHere(channel)
      return
    }
    const registration = this.registrations.find(actor.connection)
    const isHome = registration?.hook === route.hook
    const event: AskEvent = {
      kind: "subscribe",
      ...actor,
      channel,
      state: isHome ? registration.state : undefined,
    }
    await this.about(isHome ? registration : null, async () => {
      const answer = await this.ask(route, this.deliveryOf(event, registration), sender)
      if (isHome) this.remember(registration, answer)
      await this.publishAll(channel, answer)
    })
  }

  private about<T>(registration: Registration | null, work: () => Promise<T>): Promise<T> {
    return registration ? this.registrations.during(registration, work) : work()
  }

  private async ask(route: HookRoute, delivery: Delivery<AskEvent>, sender: Sender): Promise<Answer> {
    try {
      return await route.backend.ask(delivery, sender)
    } catch (error) {
      throw clientErrorOf(error)
    }
  }

  private deliveryOf(event: AskEvent, registration: Registration | null): Delivery<AskEvent> {
    const { connection, kind } = event
    const time = this.now()
    if (kind === "register") return { event, time, id: `${connection}/register` }
    if (!registration)
      return { event, time, id: `${connection || this.options.node}/${kind}/${crypto.randomUUID()}` }
    registration.messages++
    return { event, time, id: `${connection}/${kind}/${registration.messages}` }
  }

  private remember(registration: Registration, { state }: Answer, always = false): void {
    if (state !== undefined) registration.state = state ?? undefined
    if (state !== undefined || (always && registration.user !== undefined))
      this.registrations.update(registration)
  }

  private async publishAll(channel: string | null, { publish }: Answer): Promise<void> {
    if (publish === undefined || typeof publish === "boolean") return
    for (const message of publish) {
      const name = message.channel ?? channel
      if (name === null)
        throw clientErrorOf(
          wrongAnswer("a message in `publish` needs a `channel`, since the connection has none"),
        )
      try {
        await this.options.publish(name, message)
      } catch (error) {
        throw error instanceof LabaError && error.retry === "back-off"
          ? error
          : clientErrorOf(wrongAnswer(`a message in \`publish\` was refused: ${String(error)}`))
      }
    }
  }
}

/** Waits for the work, but no longer than `ms`. */
async function within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  let clock: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((resolve) => (clock = setTimeout(resolve, ms)))
  await Promise.race([work, late])
  clearTimeout(clock)
}

const senderOfVisitor = ({ user, address }: Visitor): Sender => senderOf(user, addressGroupOf(address))
