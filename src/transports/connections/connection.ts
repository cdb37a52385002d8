// The contract of a connection, as a node sees it whatever carries it: a WebSocket, a stream, a polled session.
import type { LabaError } from "../../../wire/error.ts"
import type { Identity } from "../../access/access.ts"
import type { Action, Channel } from "../../channels/channel.ts"

export type TransportName = "websocket" | "sse" | "poll" | "tcp" | "sockjs"
export type ProtocolName = "raw" | "laba" | "stomp"

/** How a backend wants a WebSocket closed. Other transports have no number for it. */
export interface WebSocketClose {
  /** 1000, or 3000 to 4999. */
  readonly code: number
  /** At most 123 bytes. */
  readonly reason: string
}

/** Why somebody may do something no longer; null where nothing has changed. */
export type WhyForbidden = (action: Action, channel: Channel) => string | null

/** Who is at the other end of it. */
export interface Client {
  readonly identity: Identity
  /** What publishes are counted by where nothing better is known; null for this machine's own. */
  readonly addressGroup: string | null
  opened(connection: Connection): void
  left(): void
}

/** One open client: a WebSocket, a stream, a polled session. */
export interface Connection {
  /** Its number on this node, from 1; given by `Connections.add`. */
  number: number
  readonly transport: TransportName
  readonly protocol: ProtocolName
  /** Who it belongs to. Known before it is open, or told once to `Connections.nameUser`: it is found by it. */
  user: string | undefined
  /** Who is at its other end. Replaced when they show a new token. */
  client: Client
  /** What it listens to now. Made on demand. */
  readonly channels: readonly string[]
  /** Pushes to this connection alone. False when it cannot take it (a poll). */
  direct(type: string, data: string | Uint8Array): boolean
  /** Ends it, and says why where the transport can: whether the client comes back is in the code. */
  disconnect(error: LabaError, close?: WebSocketClose): void
  /** Tells the client that its token runs out, where there is a frame for it. */
  expiring?(seconds: number): void
  /** Ends what it may do no longer, where it can lose a part and keep the rest. Left out: it ends as a whole. */
  endForbidden?(whyForbidden: WhyForbidden): void
  /** The node goes away: tells the client to come back after `retryMs`, where the transport can say so, and ends. */
  sendAway(retryMs: number): void
}
