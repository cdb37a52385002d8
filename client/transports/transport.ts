// The contract of a client transport: it carries frames both ways and says when it ended. It knows nothing of
// channels, cursors and retries.
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import type { Environment, FetchInit } from "../environment.ts"
import { keepSource } from "../channels/message.ts"
import type { Reason } from "../reason.ts"

export type TransportName = "websocket" | "sse" | "poll"

/** Where the server is and what there is to reach it with. */
export interface Site extends Environment {
  /** Without a slash at its end, for example `https://push.example/laba`. */
  readonly base: string
  readonly credentials: NonNullable<FetchInit["credentials"]>
}

/** What a transport tells. After `lost` it tells nothing more. */
export interface Ear {
  frame(frame: ServerFrame): void
  /** Bytes came, though no frame: a heartbeat. */
  alive(): void
  /** Called once, unless the line was closed from here. */
  lost(reason: Reason): void
}

/** One open, or opening, connection. */
export interface Line {
  /** Sends now or as soon as `hello` was heard; in order. */
  send(frames: readonly ClientFrame[]): void
  /** Ends it without a word to the ear. */
  close(): void
}

/** Opens a line. Throws when this place lacks what it needs. */
export type Transport = (site: Site, ear: Ear) => Line

/** Notes the text of a frame, should what is in it be asked for as it came. */
export function withSource(frame: ServerFrame, text: string): ServerFrame {
  if (frame.op === "message" || frame.op === "direct") keepSource(frame, text)
  return frame
}

/** A frame from the wire, or null for anything else. An unknown `op` is a newer server's: the reader passes over it. */
export function parseFrame(text: unknown): ServerFrame | null {
  try {
    const frame = JSON.parse(text as string)
    return frame && typeof frame.op === "string" ? withSource(frame, text as string) : null
  } catch {
    return null
  }
}
