// The contract between the loop that comes back and the two ways to listen: by WebSocket and by server-sent events.
import type { Code, Retry } from "../../wire/codes.ts"
import type { Address } from "./address.ts"

/** One message as it came. */
export interface Heard {
  readonly channel: string
  readonly cursor: string
  /** JSON as its text, other text as itself, everything else as bytes. */
  readonly data: string | Uint8Array
  /** The message as JSON, for `--json`: all that the transport carried of it. */
  readonly json: Readonly<Record<string, unknown>>
}

/** What a listener tells while its connection lasts. */
export interface Ear {
  /** The listener stands at `cursor`. Comes before any message. */
  opened(cursor: string): void
  heard(message: Heard): void
  /** What was missed cannot be had; the listener stands at `cursor`. */
  reset(cursor: string, reason: string): void
}

/** How a connection ended. */
export interface Ended {
  /** The server's word for it, when it gave one. */
  readonly code?: Code
  /** One plain sentence. */
  readonly why: string
  readonly retry: Retry
  /** The server's wish, in milliseconds, before coming back. */
  readonly waitMs?: number
}

/** Listens on one connection from `after` (null: from now on), until it ends. Never throws for what the network does. */
export type ListenOnce = (address: Address, after: string | null, ear: Ear) => Promise<Ended>
