// The contract of the application's say, in process: who may connect and subscribe, what a client's message becomes, who has
// gone, and which channels are heard. The same calls travel by HTTP to backends that hold no sockets.
import type { Code } from "../../wire/codes.ts"
import type { MaybePromise } from "../engines/engine.ts"

/** Somebody who wants to listen. */
export interface Visitor {
  /** The connection's id; it names the connection to `push` and in every later call. Polls have one each. */
  readonly connection: string
  readonly transport: "websocket" | "sse" | "poll" | "tcp" | "sockjs"
  readonly protocol: "raw" | "laba" | "stomp"
  /** The channel in the URL, or null on `/_/…`. */
  readonly channel: string | null
  /** Channels asked for by query on `/_/events` and `/_/poll`. */
  readonly channels: readonly string[]
  /** Whose token it showed. */
  readonly user: string | undefined
  readonly headers: Headers
  /** The query string, with its `?` when there is one. */
  readonly query: string
  /** The client's address, seen through the proxies that are configured as trusted. */
  readonly address: string
  /** The subprotocols that a WebSocket offers. */
  readonly subprotocols?: readonly string[]
}

export interface Refusal {
  /** `forbidden` when left out; `unauthorized` is the other usual one. */
  readonly code?: Code
  readonly detail: string
}

export interface Welcome {
  readonly refuse?: Refusal
  /**
   * Who it is. Handed to the later calls. Where no token said so before, this counts as one: the user owns `/@<user>/…`, so
   * name nobody whom you have not recognised.
   */
  readonly user?: string
  /** More channels to listen to on this connection, from now on: at most 128. Polls ignore them. */
  readonly channels?: readonly string[]
  /** Sent to this connection alone, before any message. */
  readonly reply?: string | Uint8Array
  /** One of the subprotocols that the WebSocket offers, where it offers none of Laba's own: messages are raw then. */
  readonly subprotocol?: string
}

export interface Connected {
  readonly connection: string
  readonly user: string | undefined
  readonly transport: Visitor["transport"]
}

/** A connection's wish to listen to one more channel. */
export interface Subscribing extends Connected {
  readonly channel: string
}

/** Nothing, or nothing refused, lets it be. */
export interface SubscribeAnswer {
  readonly refuse?: Refusal
}

export interface ClientMessage extends Connected {
  readonly channel: string
  readonly type: string
  readonly data: string | Uint8Array
}

export interface Verdict {
  readonly refuse?: Refusal
  /** False: the message is taken, but not published. True: it is, whatever the rules say. Left out: if the rules let this client publish. */
  readonly publish?: boolean
  /** Publish this instead. */
  readonly data?: string | Uint8Array
  /** Sent back to the sender alone. */
  readonly reply?: string | Uint8Array
}

/** A message that a STOMP client said it could not take. */
export interface Nacked extends Connected {
  readonly channel: string
  /** The message's id. */
  readonly message: string
}

export interface Disconnected extends Connected {
  /** Close code of a WebSocket; 1000 for streams. */
  readonly code: number
  readonly reason: string
}

/**
 * What the application may answer to. Errors thrown here become `hook_failed`, and so does an answer of another shape, such as
 * `false`; nothing is published or accepted then.
 */
export interface Hooks {
  onConnect?: (visitor: Visitor) => MaybePromise<Welcome | undefined | void>
  /**
   * Asked before a connection of `laba.v1` (WebSocket or session) or STOMP subscribes to one more channel, or anew to one that it has, once
   * the rules let it; and before it is told who is in a channel that it does not listen to. What is published until the answer is in the channel before the listener is. What a connection was opened
   * with (the channel in its URL, those in the welcome) was `onConnect`'s affair.
   */
  onSubscribe?: (subscription: Subscribing) => MaybePromise<SubscribeAnswer | undefined | void>
  /** A message that a client sent over a connection. Messages published by POST do not pass here. */
  onMessage?: (message: ClientMessage) => MaybePromise<Verdict | undefined | void>
  /** A STOMP client said of a message that it could not take it. It is not delivered again. */
  onNack?: (nacked: Nacked) => MaybePromise<void>
  /** Once for each WebSocket and stream that was let in. */
  onDisconnect?: (connection: Disconnected) => MaybePromise<void>
  /**
   * A channel has its first listener on this node. Others wait for as long as it takes, so it should be short; what it throws is
   * logged. A listener may be gone again before it heard anything.
   */
  onOccupied?: (channel: string) => void
  /**
   * A channel that was told as occupied has lost its last listener on this node. At once, with no grace for those who come back:
   * between two polls, or while a page reloads, a channel is vacant for a moment.
   */
  onVacated?: (channel: string) => void
}
