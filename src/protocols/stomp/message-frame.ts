// A message as a MESSAGE frame: a head that is the subscription's, and a tail that is the message's, made once a message and version.
import { printCursor } from "../../../wire/cursor.ts"
import type { Message } from "../../engines/engine.ts"
import type { Frame, Protocol } from "../protocol.ts"
import { escapeHeader, escapeName } from "./escapes.ts"
import { printHeaders } from "./server-frames.ts"
import type { StompVersion } from "./version.ts"

export interface HeadFacts {
  readonly version: StompVersion
  /** Undefined in 1.0, where a subscription may have none. */
  readonly id: string | undefined
  /** As the client spelt it. */
  readonly destination: string
}

/** The first lines of every MESSAGE of a subscription. */
export const messageHead = ({ version, id, destination }: HeadFacts): string =>
  `MESSAGE\n${printHeaders(
    [
      ["subscription", id],
      ["destination", destination],
    ],
    version,
  )}`

/** What follows the head, by version: they differ in escapes alone. */
export const messageTails: Readonly<Record<StompVersion, Protocol>> = {
  "1.0": { index: 4, encode: (message) => tailOf(message, "1.0") },
  "1.1": { index: 5, encode: (message) => tailOf(message, "1.1") },
  "1.2": { index: 6, encode: (message) => tailOf(message, "1.2") },
}

/** A whole frame. */
export function joinFrame(head: string, tail: Frame): Frame {
  if (typeof tail === "string") return head + tail
  return Buffer.concat([Buffer.from(head), tail])
}

function tailOf(message: Message, version: StompVersion): Frame {
  const { id, channel } = message
  // Ids, cursors and types hold nothing that is escaped.
  const more = `cursor:${printCursor(channel, message)}\n${userHeaders(message, version)}`
  return tail(id, message, more)
}

/** Something for one client alone, which is in no channel. */
export interface DirectMessage {
  readonly type: string
  readonly data: string | Uint8Array
}

/** The tail of what is in no channel: it has no cursor. */
export const directTail = (id: string, message: DirectMessage): Frame => tail(id, message, "")

function tail(id: string, { type, data }: DirectMessage, more: string): Frame {
  // `text/plain` goes unsaid: it is what a body without a type is taken for, and readers that expect JSON, as Spring's converters do, would
  // refuse the whole message for it.
  const typeLine = type === "text/plain" ? "" : `content-type:${type}\n`
  const length = typeof data === "string" ? Buffer.byteLength(data) : data.length
  // The publisher's own come last: of repeated headers the first counts.
  const start = `message-id:${id}\n${typeLine}content-length:${length}\n${more}\n`
  if (typeof data === "string") return `${start}${data}\0`
  return Buffer.concat([Buffer.from(start), data, nul])
}

const nul = Uint8Array.of(0)

/** The publisher's own headers (1.1 and 1.2, "SEND"). */
function userHeaders({ headers }: Message, version: StompVersion): string {
  let text = ""
  for (const [name, value] of headers ?? [])
    text += `${escapeName(name, version)}:${escapeHeader(value, version)}\n`
  return text
}
