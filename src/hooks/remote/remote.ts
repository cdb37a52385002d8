// The contract of hooks over HTTP: what a backend is told and asked, how it answers, and what is remembered until it has
// heard. A dialect knows how that looks on the wire; a backend knows whether the other side can take it; neither knows
// connections. How the application is asked in the same process is in ../hooks.ts.
import type { JsonText } from "../../../wire/json-scan.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { Visitor } from "../hooks.ts"

export const askKinds = ["register", "transport", "subscribe", "publish"] as const
export const notificationKinds = ["unregister", "occupied", "vacated", "nack"] as const

/** A hook whose answer somebody waits for. */
type AskKind = (typeof askKinds)[number]

/** A hook that is told until it has heard. */
type NotificationKind = (typeof notificationKinds)[number]

export type HookKind = AskKind | NotificationKind

/** One entry of `hooks` in the configuration, checked, every default filled in. */
export interface HookConfig {
  /** Names it in logs, in the API and in what is remembered for it. */
  readonly name: string
  /** The channels it has a say about. */
  readonly pattern: string
  readonly dialect: "laba" | "tencent"
  readonly urls: Readonly<Partial<Record<HookKind, string>>>
  /** What requests are signed with: each of them, so that one can be changed without a gap. Empty: unsigned. */
  readonly secrets: readonly string[]
  readonly timeoutMs: number
  /** Requests under way at once, the most. */
  readonly concurrencyMax: number
  /** Addresses and networks that are not public and may be connected to all the same. */
  readonly privateAddresses: readonly string[]
  /** What the handshake names as the sender. */
  readonly origin: string
  readonly handshake: boolean
}

/** A connection as a backend knows it. */
export interface HookedConnection {
  /** Empty for who publishes by a request. */
  readonly connection: string
  readonly transport: Visitor["transport"]
  /** The channel in its URL; null on `/_/…`. */
  readonly channel: string | null
  readonly user: string | undefined
  /** What the backend said last that it wants to be reminded of. */
  readonly state: string | undefined
}

export interface RegisterEvent extends HookedConnection {
  readonly kind: "register"
  readonly visitor: Visitor
}

/** A message that a client sent, or wants to publish. */
export interface MessageEvent extends HookedConnection {
  readonly kind: "transport" | "publish"
  readonly channel: string
  readonly type: string
  readonly data: string | Uint8Array
}

export interface SubscribeEvent extends HookedConnection {
  readonly kind: "subscribe"
  readonly channel: string
}

export type AskEvent = RegisterEvent | MessageEvent | SubscribeEvent

interface UnregisterEvent extends HookedConnection {
  readonly kind: "unregister"
  /** Close code of a WebSocket, 1000 for streams, 1006 when nobody said goodbye. */
  readonly code: number
  readonly reason: string
}

/** A channel got its first listener, or lost its last; `node` has noticed. */
interface OccupancyEvent {
  readonly kind: "occupied" | "vacated"
  readonly channel: string
  readonly node: string
}

/** A STOMP client could not take these messages of a channel. */
export interface NackEvent extends HookedConnection {
  readonly kind: "nack"
  readonly channel: string
  /** Their ids, the oldest first. */
  readonly messages: readonly string[]
}

export type NotificationEvent = UnregisterEvent | OccupancyEvent | NackEvent

export type HookEvent = AskEvent | NotificationEvent

/** Facts about an event that are the same for each attempt to deliver it. */
export interface Delivery<E extends HookEvent = HookEvent> {
  readonly event: E
  /** The same at every attempt, so that a backend can tell a repetition. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly time: number
}

/** A message that a backend wants published: `data` as its `type` and `base64` say, as in the backend API. */
export interface AnswerMessage {
  /** Left out: the channel that the event is about. */
  readonly channel?: string
  readonly data: JsonText
  readonly type?: string
  readonly base64?: true
  readonly key?: string
}

/** What a backend said. */
export interface Answer {
  readonly user?: string
  readonly channels?: readonly string[]
  readonly subprotocol?: string
  /** Null: forget it. Left out: as it was. */
  readonly state?: string | null
  readonly reply?: string | Uint8Array
  /** True: publish what the client sent. Messages: publish these. */
  readonly publish?: boolean | readonly AnswerMessage[]
}

/** What goes out. */
export interface EncodedDelivery {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export interface HookResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** How events and answers look on the wire. Pure. */
export interface Dialect {
  /** Which kinds it has words for. */
  readonly speaks: ReadonlySet<HookKind>
  /** Whether a backend is asked beforehand, by `OPTIONS`, if it wants to be called. */
  readonly handshakes: boolean
  write(delivery: Delivery, hook: HookConfig): EncodedDelivery
  /** Throws `Refusal` when the backend says no, `BackendFailure` when it is not understood (delivery/backend-failure.ts). */
  read(delivery: Delivery, response: HookResponse): Answer
}

export interface HttpRequest {
  readonly method: "POST" | "OPTIONS"
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
  readonly timeoutMs: number
  readonly privateAddresses: readonly string[]
}

/** Sends one request to an address that was checked, follows no redirect, reads a bounded answer. Throws `BackendFailure`. */
export type HttpSend = (options: HttpRequest) => Promise<HookResponse>

/** Something that a backend has to hear, stored until it has: of an open connection its last will. */
export interface HookNotification {
  readonly id: string
  readonly hook: string
  readonly time: number
  readonly event: NotificationEvent
  /** Not to be told as it is: the node has a listener, and whoever follows it leaves the channel for it. */
  readonly isWill?: boolean
}

/** What a node is among those with a listener of a channel, and when it became that, in milliseconds since 1970. */
export interface OccupancyChange {
  readonly is: "first" | "last" | "among" | "unknown"
  readonly time: number
}

/** Which nodes have listeners of a channel, each under a will; for a store that several nodes share. Rejects when it is away. */
export interface ListeningNodes {
  /** From now on it has: keeps the will, and `occupied` where it is the first. Once more is no other than once. */
  enter(will: HookNotification, occupied: HookNotification | null): Promise<OccupancyChange>
  /** It has none any more. The last: the will is kept as what is to be told. `unknown`: it was not known to have any. */
  leave(will: HookNotification): Promise<OccupancyChange>
}

/** What becomes of a store that several nodes share. */
export interface StoreEvents {
  /** Another node is gone, and this one has to tell what it has left. */
  adopted(notifications: readonly HookNotification[]): void
  /** This node's lease ran out, and it was taken for gone: what is not among these ids, others deliver. */
  leaseLost(kept: ReadonlySet<string>): void
  /** All that this node has to keep at the moment, for a store that may have lost some of it. */
  snapshot(): Iterable<HookNotification>
}

/** Where notifications are kept until they are delivered, and wills until the connection is gone. */
export interface NotificationStore {
  /** Whether they outlive this process. */
  readonly durable: boolean
  /** Left out: no other node shares the store. */
  readonly listeningNodes?: ListeningNodes
  /** All that is kept from earlier runs. Once, at the start. */
  load(): HookNotification[]
  /** For a store that is shared with other nodes. */
  begin?(events: StoreEvents): void
  /** Keeps a notification, in place of what had its id. Done when it would be found after `kill -9`. */
  put(notification: HookNotification): MaybePromise<void>
  remove(id: string): void
  close(): MaybePromise<void>
}
