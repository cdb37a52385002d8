// What the server says besides messages: CONNECTED, RECEIPT, ERROR, and the mark of a reset.
import { entryOf } from "../../../wire/codes.ts"
import { printCursor, type Position } from "../../../wire/cursor.ts"
import type { LabaError } from "../../../wire/error.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import { escapeHeader } from "./escapes.ts"
import { type StompVersion, stompVersions } from "./version.ts"

/** Names with values; what is undefined is left out. */
export type HeaderList = readonly (readonly [name: string, value: string | number | undefined])[]

/** Header lines, each with its end. */
export function printHeaders(headers: HeaderList, version: StompVersion): string {
  let text = ""
  for (const [name, value] of headers)
    if (value !== undefined)
      text += `${escapeHeader(name, version)}:${escapeHeader(String(value), version)}\n`
  return text
}

interface ConnectedFacts {
  readonly version: StompVersion
  readonly session: string
  readonly server: string
  /** Milliseconds that the server can and wants. */
  readonly beatMs: number
  readonly user: string | undefined
}

/** CONNECTED escapes nothing (1.1 and 1.2, "Value Encoding"): a user whose name would break its line is not named. */
export function connectedFrame({ version, session, server, beatMs, user }: ConnectedFacts): string {
  const named = user === undefined || /[\r\n\0]/.test(user) ? "" : `user-name:${user}\n`
  const beats = version === "1.0" ? "" : `heart-beat:${beatMs},${beatMs}\n`
  return `CONNECTED\nversion:${version}\n${beats}session:${session}\nserver:${server}\n${named}\n\0`
}

/** `more` says where a subscription stands that asked for a receipt. */
export const receiptFrame = (receipt: string, version: StompVersion, more: HeaderList = []): string =>
  `RECEIPT\n${printHeaders([["receipt-id", receipt], ...more], version)}\n\0`

/** An ERROR: the connection ends behind it. Before a version was agreed on it is written as 1.0, which escapes nothing. */
export function stompErrorFrame(error: LabaError, version: StompVersion | null, receipt?: string): string {
  const spoken = version ?? "1.0"
  const { code, detail, retryAfterSeconds, limit } = error
  const entry = entryOf(code)
  const headers = printHeaders(
    [
      ["message", entry.title],
      ["code", code],
      ["retry", entry.retry],
      ["retry-after", retryAfterSeconds],
      ["limit", limit],
      ["receipt-id", receipt],
      // Said to who could not agree on one (1.2, "Protocol Negotiation"); it harms nobody else before CONNECTED.
      ["version", version === null ? [...stompVersions].reverse().join(",") : undefined],
      ["content-type", "text/plain"],
      ["content-length", Buffer.byteLength(detail)],
    ],
    spoken,
  )
  return `ERROR\n${headers}\n${detail}\0`
}

interface ResetFacts {
  /** The first lines of every MESSAGE of the subscription. */
  readonly head: string
  readonly channel: Channel
  readonly position: Position
  readonly reason: ResetReason
}

/** A MESSAGE without a message: the subscription stands at `cursor` now, and is not told what lies between. */
export function resetFrame({ head, channel, position, reason }: ResetFacts): string {
  const cursor = printCursor(channel, position)
  return `${head}message-id:reset.${cursor}\nreset:${reason}\ncursor:${cursor}\ncontent-length:0\n\n\0`
}
