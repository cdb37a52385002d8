// The contract of a client transport: it carries frames both ways and says when it ended. It knows nothing of
// channels, cursors and retries.
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import type { Environment, RequestLike } from "../environment.ts"
import type { Reason } from "../reason.ts"

export type TransportName = "websocket" | "sse" | "poll"

/** Where the server is and what there is to reach it with. */
export interface TransportEnvironment extends Environment {
  /** Without a slash at its end, for example `https://push.example/laba`. */
  readonly baseUrl: string
  readonly credentials: NonNullable<RequestLike["credentials"]>
}

/** What a transport tells. After `closed` it tells nothing more. */
export interface TransportEvents {
  frame(frame: ServerFrame): void
  /** Bytes came, though no frame: a heartbeat. */
  alive(): void
  /** Called once, unless it was closed from here. */
  closed(reason: Reason): void
}

/** One open, or opening, way to the server. */
export interface Transport {
  /** Sends now or as soon as `hello` has come; in order. */
  send(frames: readonly ClientFrame[]): void
  /** Ends it; no event follows. */
  close(): void
}

/** Opens a transport. Throws when this place lacks what it needs. */
export type OpenTransport = (environment: TransportEnvironment, events: TransportEvents) => Transport
