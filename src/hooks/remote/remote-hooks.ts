// The application's say over HTTP: which backend is asked or told about whom, and what comes of its answer. How requests look
// is the dialects' affair, how many there are the backends'.
import { LabaError } from "../../../wire/error.ts"
import { userPart } from "../../access/user-part.ts"
import { parseChannel } from "../../channels/name.ts"
import { parsePattern } from "../../channels/pattern.ts"
import { PatternTree } from "../../channels/pattern-tree.ts"
import type { ClientMessage, Disconnected, Verdict, Visitor, Welcome } from "../hooks.ts"
import { Backend, type HookError } from "./backend.ts"
import { BackendFailure, Refusal } from "./failure.ts"
import { labaDialect } from "./laba-dialect.ts"
import { type Registration, Registrations } from "./registrations.ts"
import type {
  Answer,
  AnswerMessage,
  AskEvent,
  HookConfig,
  Occurrence,
  Post,
  Records,
  Registered,
  StoredTell,
} from "./remote.ts"
import { Tellings } from "./tellings.ts"
import { tencentDialect } from "./tencent-dialect.ts"

export interface RemoteHooksOptions {
  readonly hooks: readonly HookConfig[]
  /** Names this run of this node. */
  readonly node: string
  readonly post: Post
  readonly records: Records
  /** Publishes for a backend, in order. Throws `LabaError`. */
  readonly publish: (channel: string, message: AnswerMessage) => Promise<void>
  readonly isOpen: (connection: string) => boolean
  readonly onFailure: (hook: HookConfig, error: HookError) => void
  /** Something was not told and never will be. */
  readonly onLost: (hook: string, why: string) => void
  readonly now?: () => number
  readonly chance?: () => number
  readonly recordsMax?: number
}

/** Somebody who asks for something over a connection. */
export type Actor = Pick<Registered, "connection" | "transport" | "user">

interface Desk {
  readonly hook: HookConfig
  readonly backend: Backend
  readonly tellings: Tellings
}

const sweepMs = 10_000
const dialects = { laba: labaDialect, tencent: tencentDialect } as const

export class RemoteHooks {
  readonly durable: boolean
  readonly desks: readonly Desk[]
  readonly registrations: Registrations
  private readonly options: RemoteHooksOptions
  private readonly now: () => number
  private readonly byPattern = new PatternTree<Desk>()
  private readonly byName = new Map<string, Desk>()
  private readonly sweeper: ReturnType<typeof setInterval>
  private occurrences = 0

  constructor(options: RemoteHooksOptions) {
    this.options = options
    this.durable = options.records.durable
    this.now = options.now ?? Date.now
    this.desks = options.hooks.map((hook) => this.deskOf(hook))
    for (const desk of this.desks) {
      this.byPattern.add(parsePattern(desk.hook.pattern), desk)
      this.byName.set(desk.hook.name, desk)
    }
    this.registrations = new Registrations({
      records: options.records,
      tell: (tell) => this.byName.get(tell.hook)?.tellings.add(tell),
      pending: () => this.pending,
      isOpen: options.isOpen,
      now: this.now,
      ...(options.recordsMax !== undefined && { recordsMax: options.recordsMax }),
    })
    this.sweeper = setInterval(() => this.registrations.sweep(), sweepMs)
    this.sweeper.unref?.()
    this.takeUp(options.records.load())
  }

  /** Tells that no backend has heard yet. */
  get pending(): number {
    return this.desks.reduce((sum, { tellings }) => sum + tellings.pending, 0)
  }

  /** Whether somebody has a say about who listens there. */
  asksAboutVisit(visit: Pick<Visitor, "channel" | "channels">): boolean {
    return this.homeOf(visit) !== undefined || visit.channels.some((channel) => this.deskFor(channel))
  }

  /** Whether somebody has a say about what clients send there. */
  asksAboutMessage(channel: string): boolean {
    return this.deskFor(channel) !== undefined
  }

  /** Whether a backend wants to hear which channels have listeners. */
  get tellsOccupancy(): boolean {
    return this.desks.some(({ hook }) => hook.urls.occupied !== undefined || hook.urls.vacated !== undefined)
  }

  /** Throws `LabaError`. */
  async register(visitor: Visitor): Promise<Welcome> {
    const desk = this.homeOf(visitor)
    const registration = desk ? await this.begin(visitor, desk) : null
    try {
      const answer = desk ? await this.askToRegister(visitor, desk, registration) : {}
      const user = answer.user ?? visitor.user
      const actor: Actor = { connection: visitor.connection, transport: visitor.transport, user }
      for (const channel of visitor.channels) await this.listening(actor, channel, desk)
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
    this.registrations.end(connection, 1006, "not_opened")
  }

  gone({ connection, code, reason }: Pick<Disconnected, "connection" | "code" | "reason">): void {
    this.registrations.end(connection, code, reason)
  }

  /** Lets somebody listen to one more channel. Throws `LabaError`. */
  async subscribe(actor: Actor, channel: string): Promise<void> {
    const registration = this.registrations.find(actor.connection)
    await this.listening(actor, channel, registration ? this.byName.get(registration.hook.name) : undefined)
  }

  /** What becomes of what a client sent. Null: nobody has a say about it. Throws `LabaError`. */
  async message(message: ClientMessage): Promise<Verdict | null> {
    const desk = this.deskFor(message.channel)
    if (!desk) return null
    const registration = this.registrations.find(message.connection)
    const isHome = registration?.hook === desk.hook
    if (desk.hook.urls.register !== undefined && !isHome) throw notHere(message.channel)
    const kind = desk.hook.urls.transport === undefined ? "publish" : "transport"
    if (desk.hook.urls[kind] === undefined) return null
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
      const answer = await this.ask(desk, this.occurrenceOf(event, registration))
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
  ): Promise<Verdict | null> {
    const desk = this.deskFor(message.channel)
    if (desk?.hook.urls.publish === undefined) return null
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
    const answer = await this.ask(desk, this.occurrenceOf(event, null))
    await this.publishAll(channel, answer)
    if (answer.publish === undefined) return {}
    return { publish: answer.publish === true }
  }

  /** Whether a publish by a request is asked about. */
  asksAboutPublish(channel: string): boolean {
    return this.deskFor(channel)?.hook.urls.publish !== undefined
  }

  /** A channel has its first listener here, or has lost its last. */
  occupancy(kind: "occupied" | "vacated", channel: string): void {
    const desk = this.deskFor(channel)
    if (desk?.hook.urls[kind] === undefined) return
    this.occurrences++
    const { node, records } = this.options
    const tell: StoredTell = {
      id: `${node}/${kind}/${this.occurrences}`,
      hook: desk.hook.name,
      time: this.now(),
      event: { kind, channel, node },
    }
    void Promise.resolve(records.put(tell)).catch(() => undefined)
    desk.tellings.add(tell)
  }

  /** Tells what it can within the time, and stops. What is left is told after a restart, where it is remembered. */
  async close(withinMs: number): Promise<void> {
    clearInterval(this.sweeper)
    const all = Promise.all(this.desks.map(({ tellings }) => tellings.flushed()))
    let clock: ReturnType<typeof setTimeout> | undefined
    const late = new Promise((resolve) => (clock = setTimeout(resolve, withinMs)))
    await Promise.race([all, late])
    clearTimeout(clock)
    for (const { tellings, hook } of this.desks) {
      tellings.stop()
      if (tellings.pending > 0 && !this.durable)
        this.options.onLost(hook.name, `${tellings.pending} not told before the end`)
    }
    await this.options.records.close()
  }

  private deskOf(hook: HookConfig): Desk {
    const { post, onFailure, records, onLost, now, chance } = this.options
    const clock = { ...(now && { now }), ...(chance && { chance }) }
    const tellings: Tellings = new Tellings({
      ...clock,
      backend: () => backend,
      records,
      onExpired: ({ id }) => onLost(hook.name, `${id} was not heard for three days`),
    })
    const backend = new Backend({
      ...clock,
      hook,
      dialect: dialects[hook.dialect],
      post,
      startTell: () => tellings.startTell(),
      onFailure,
    })
    return { hook, backend, tellings }
  }

  /** What an earlier run of this node has not told. Nothing of it is open any more. */
  private takeUp(tells: readonly StoredTell[]): void {
    for (const tell of tells) {
      const desk = this.byName.get(tell.hook)
      if (desk?.hook.urls[tell.event.kind] !== undefined) {
        desk.tellings.add(tell)
      } else {
        this.options.records.remove(tell.id)
        this.options.onLost(tell.hook, `${tell.id} has nobody left to hear it`)
      }
    }
  }

  /** Who is asked about a connection: of the channel in its address; of `/_/…` by the first channel asked for, or `/**`. */
  private homeOf({ channel, channels }: Pick<Visitor, "channel" | "channels">): Desk | undefined {
    const first = channel ?? channels[0]
    if (first !== undefined) return this.deskFor(first)
    return this.desks.find(({ hook }) => hook.pattern === "/**")
  }

  private deskFor(channel: string): Desk | undefined {
    return this.byPattern.find(channel.slice(1).split("/"))
  }

  /** A plain poll is over with its answer: nobody is told of its end. */
  private async begin(visitor: Visitor, { hook }: Desk): Promise<Registration | null> {
    const { connection, transport, protocol, channel, user } = visitor
    if (hook.dialect === "tencent" && transport !== "websocket")
      throw new LabaError("forbidden", "This channel is for WebSockets.")
    if (transport === "poll" && protocol === "raw") return null
    return this.registrations.add({ connection, transport, channel, user, state: undefined }, hook)
  }

  private async askToRegister(
    visitor: Visitor,
    desk: Desk,
    registration: Registration | null,
  ): Promise<Answer> {
    if (desk.hook.urls.register === undefined) return {}
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
        answer = await desk.backend.ask(this.occurrenceOf(event, null))
        checkWelcome(answer, visitor)
      } catch (error) {
        // Only who may have heard of the beginning hears of the end.
        const isKnown = error instanceof BackendFailure && error.sent
        if (registration && !isKnown) this.registrations.forget(registration)
        throw explained(error)
      }
      if (registration) {
        registration.user = answer.user ?? user
        this.remember(registration, answer, true)
      }
      await this.publishAll(channel, answer)
      return answer
    })
  }

  private async listening(actor: Actor, channel: string, home: Desk | undefined): Promise<void> {
    const desk = this.deskFor(channel)
    if (!desk) return
    if (desk.hook.urls.subscribe === undefined) {
      if (desk.hook.urls.register !== undefined && desk !== home) throw notHere(channel)
      return
    }
    const registration = this.registrations.find(actor.connection)
    const isHome = registration?.hook === desk.hook
    const event: AskEvent = {
      kind: "subscribe",
      ...actor,
      channel,
      state: isHome ? registration.state : undefined,
    }
    await this.about(isHome ? registration : null, async () => {
      const answer = await this.ask(desk, this.occurrenceOf(event, registration))
      if (isHome) this.remember(registration, answer)
      await this.publishAll(channel, answer)
    })
  }

  private about<T>(registration: Registration | null, work: () => Promise<T>): Promise<T> {
    return registration ? this.registrations.during(registration, work) : work()
  }

  private async ask(desk: Desk, occurrence: Occurrence<AskEvent>): Promise<Answer> {
    try {
      return await desk.backend.ask(occurrence)
    } catch (error) {
      throw explained(error)
    }
  }

  private occurrenceOf(event: AskEvent, registration: Registration | null): Occurrence<AskEvent> {
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
        throw explained(
          wrongAnswer("a message in `publish` needs a `channel`, since the connection has none"),
        )
      try {
        await this.options.publish(name, message)
      } catch (error) {
        throw error instanceof LabaError && error.retry === "back-off"
          ? error
          : explained(wrongAnswer(`a message in \`publish\` was refused: ${String(error)}`))
      }
    }
  }
}

/** What was said about a connection can be done. */
function checkWelcome({ subprotocol, channels = [], user }: Answer, visitor: Visitor): void {
  if (subprotocol !== undefined && !visitor.subprotocols?.includes(subprotocol))
    throw wrongAnswer("it chooses a subprotocol that the client did not offer")
  try {
    for (const channel of channels) parseChannel(channel, "body")
    if (user !== undefined) userPart(user)
  } catch (error) {
    throw wrongAnswer((error as Error).message)
  }
}

const wrongAnswer = (what: string): BackendFailure =>
  new BackendFailure(`The backend's answer cannot be carried out: ${what}.`, {
    because: "answer",
    sent: true,
    strained: false,
  })

const notHere = (channel: string): LabaError =>
  new LabaError("forbidden", `${channel} is for connections opened at its own address.`)

/** What a client may know of it. */
function explained(error: unknown): unknown {
  if (error instanceof Refusal) {
    const { code, detail, retryAfterSeconds } = error
    return new LabaError(code, detail, {
      cause: error,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    })
  }
  if (!(error instanceof BackendFailure)) return error
  return new LabaError(
    "hook_failed",
    "The application did not answer as it should; its operator can see why.",
    {
      cause: error,
      retryAfterSeconds: error.retryAfterSeconds ?? 2,
    },
  )
}
