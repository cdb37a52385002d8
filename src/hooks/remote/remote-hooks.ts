// The application's say over HTTP: which backend is asked about whom, and told of whose end. How one request goes is in hook-requests.ts, how
// what has to be told survives in stored-notifications.ts, how requests look is the dialects' affair.
import { LabaError } from "../../../wire/error.ts"
import { addressGroupOf } from "../../access/origins/client-address.ts"
import type { ClientMessage, Disconnected, Verdict, Visitor, Welcome } from "../hooks.ts"
import { notRegisteredHere } from "./client-errors.ts"
import { type Sender, senderOf } from "./delivery/fair-queue.ts"
import { HookRequests } from "./hook-requests.ts"
import { type HookRoute, HookRoutes, type HookRoutesOptions } from "./hook-routes.ts"
import { Occupancy } from "./registrations/occupancy.ts"
import {
  type Ending,
  keep,
  notOpened,
  type Registration,
  Registrations,
} from "./registrations/registrations.ts"
import type {
  AnswerMessage,
  HookedConnection,
  HookNotification,
  NackEvent,
  NotificationStore,
} from "./remote.ts"
import { StoredNotifications } from "./stored-notifications.ts"

export interface RemoteHooksOptions extends HookRoutesOptions {
  /** Names this run of this node. */
  readonly node: string
  readonly store: NotificationStore
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

/** What a client could not take of a channel. */
type NackedMessages = Pick<NackEvent, "connection" | "transport" | "user" | "channel" | "messages">

const sweepMs = 10_000

/** How many channels of one request a backend is asked about at once: a poll of a hundred must neither wait for each nor take every place. */
export const subscribesAtOnceMax = 8

export class RemoteHooks {
  readonly durable: boolean
  readonly routes: HookRoutes
  readonly registrations: Registrations
  /** Which channels somebody listens to. Null when no backend wants to hear of it. */
  readonly occupancy: Occupancy | null
  private readonly requests: HookRequests
  private readonly stored: StoredNotifications
  private readonly sweeper: ReturnType<typeof setInterval>
  private readonly options: Pick<RemoteHooksOptions, "store" | "onLost">
  private readonly now: () => number
  private nacks = 0

  constructor(options: RemoteHooksOptions) {
    const { node, store, publish, isOpen, storedMax, now = Date.now } = options
    const routes = new HookRoutes(options)
    const shared = { store, now, notify: (one: HookNotification) => routes.notify(one) }
    const registrations = new Registrations({
      ...shared,
      pending: () => routes.pending,
      isOpen,
      ...(storedMax !== undefined && { storedMax }),
    })
    this.options = options
    this.now = now
    this.durable = store.durable
    this.routes = routes
    this.registrations = registrations
    this.requests = new HookRequests({ node, registrations, publish, now })
    this.occupancy = routes.tellOfChannels
      ? new Occupancy({ ...shared, node, hookOf: (channel) => routes.channelHook(channel) })
      : null
    this.stored = new StoredNotifications({ ...options, routes, registrations, occupancy: this.occupancy })
    this.sweeper = setInterval(() => registrations.sweep(), sweepMs)
    this.sweeper.unref?.()
  }

  /** Whether somebody has a say about who listens there. */
  asksAboutConnection(visit: Pick<Visitor, "channel" | "channels">): boolean {
    return (
      this.routes.forConnection(visit) !== undefined ||
      visit.channels.some((channel) => this.routes.for(channel))
    )
  }

  /** Whether somebody has a say about what clients send there. */
  asksAboutMessage(channel: string): boolean {
    return this.routes.for(channel) !== undefined
  }

  /** Whether a publish by a request is asked about. */
  asksAboutPublish(channel: string): boolean {
    return this.routes.for(channel)?.hook.urls.publish !== undefined
  }

  /** Throws `LabaError`. */
  async register(visitor: Visitor): Promise<Welcome> {
    const route = this.routes.forConnection(visitor)
    const registration = route ? await this.begin(visitor, route) : null
    try {
      const answer = route ? await this.requests.register(route, visitor, registration) : {}
      const user = answer.user ?? visitor.user
      const { connection, transport, address } = visitor
      const sender = senderOf(visitor.user, addressGroupOf(address))
      await this.subscribeAll({ connection, transport, user, sender }, visitor.channels, route)
      const { state: _state, publish: _publish, ...welcome } = answer
      return welcome
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

  /** A client could not take messages of a channel: queued for who wants to hear of it. Never throws. */
  nacked({ connection, transport, user, channel, messages }: NackedMessages): void {
    const route = this.routes.for(channel)
    if (route?.hook.urls.nack === undefined) return
    const registration = this.registrationOf({ connection, user })
    const state = registration?.hook === route.hook ? registration.state : undefined
    const event: NackEvent = { kind: "nack", connection, transport, channel, user, state, messages }
    if (!route.notifications.nacks.hasRoomFor(event))
      return this.options.onLost(route.hook.name, `${connection} nacked more than may wait to be told`)
    const id = `${connection}/nack/${++this.nacks}`
    const notification = { id, hook: route.hook.name, time: this.now(), event }
    keep(this.options.store, notification)
    this.routes.notify(notification)
  }

  /** Lets somebody listen to one more channel. Throws `LabaError`. */
  async subscribe(requester: Requester, channel: string): Promise<void> {
    const registration = this.registrationOf(requester)
    await this.askToSubscribe(requester, channel, registration && this.routes.named(registration.hook.name))
  }

  /** What becomes of what a client sent. Null: nobody has a say about it. Throws `LabaError`. */
  async message(message: ClientMessage, sender: Sender): Promise<Verdict | null> {
    const route = this.routes.for(message.channel)
    if (!route) return null
    const registration = this.registrationOf(message)
    const { urls } = route.hook
    if (urls.register !== undefined && registration?.hook !== route.hook)
      throw notRegisteredHere(message.channel)
    const kind = urls.transport === undefined ? "publish" : "transport"
    if (urls[kind] === undefined) return null
    const { reply, publish } = await this.requests.ask(route, { kind, ...message }, { registration, sender })
    // A message that a backend takes is its own, unless it says otherwise; one that it is asked to let pass, passes.
    const published = kind === "transport" ? publish === true : Array.isArray(publish) ? false : publish
    return {
      ...(published !== undefined && { publish: published as boolean }),
      ...(reply !== undefined && { reply }),
    }
  }

  /** What becomes of a publish by a request. Null: nobody has a say about it. Throws `LabaError`. */
  async publishing(
    message: Pick<ClientMessage, "channel" | "type" | "data" | "user">,
    sender: Sender,
  ): Promise<Verdict | null> {
    const route = this.routes.for(message.channel)
    if (route?.hook.urls.publish === undefined) return null
    const event = { kind: "publish", connection: "", transport: "poll", ...message } as const
    const { publish } = await this.requests.ask(route, event, { registration: null, sender })
    return publish === undefined ? {} : { publish: publish === true }
  }

  /** Delivers what it can within the time, and stops. What is left is delivered after a restart, where it is stored. */
  async close(withinMs: number): Promise<void> {
    clearInterval(this.sweeper)
    await this.stored.close(withinMs)
  }

  /** A plain poll is over with its answer: nobody is told of its end. */
  private async begin(visitor: Visitor, { hook }: HookRoute): Promise<Registration | null> {
    const { connection, transport, protocol, channel, user } = visitor
    if (hook.dialect === "tencent" && transport !== "websocket")
      throw new LabaError("forbidden", "This channel is for WebSockets.")
    if (transport === "poll" && protocol === "raw") return null
    return this.registrations.add({ connection, transport, channel, user, state: undefined }, hook)
  }

  /** The registration of a connection, which by now may be known to be a user's. */
  private registrationOf({
    connection,
    user,
  }: Pick<HookedConnection, "connection" | "user">): Registration | null {
    const registration = this.registrations.find(connection)
    if (registration) this.registrations.name(registration, user)
    return registration
  }

  /**
   * All that somebody begins with, each channel once. A connection's own are asked about one after the other, since the answer to
   * each may change the state that comes with the next; those of a poll, which has none, some at once.
   */
  private async subscribeAll(
    requester: Requester,
    channels: readonly string[],
    home: HookRoute | undefined,
  ): Promise<void> {
    const left = eachOnce(channels)
    const askInTurn = async (): Promise<void> => {
      for (const channel of left) await this.askToSubscribe(requester, channel, home)
    }
    const turns = this.registrations.find(requester.connection)
      ? 1
      : Math.min(subscribesAtOnceMax, channels.length)
    const ended = await Promise.allSettled(Array.from({ length: turns }, askInTurn))
    const refused = ended.find((one) => one.status === "rejected")
    if (refused) throw refused.reason
  }

  private async askToSubscribe(
    { sender, ...connection }: Requester,
    channel: string,
    home: HookRoute | null | undefined,
  ): Promise<void> {
    const route = this.routes.for(channel)
    if (!route) return
    const { urls } = route.hook
    if (urls.subscribe === undefined) {
      if (urls.register !== undefined && route !== home) throw notRegisteredHere(channel)
      return
    }
    const registration = this.registrations.find(connection.connection)
    await this.requests.ask(route, { kind: "subscribe", ...connection, channel }, { registration, sender })
  }
}

/** A generator: whoever leaves its loop by an error ends it for all who share it. */
function* eachOnce(channels: readonly string[]): Iterable<string> {
  yield* new Set(channels)
}
