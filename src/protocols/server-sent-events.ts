// Server-sent events (WHATWG HTML 9.2): one block a message, its id the cursor. Knows the syntax, not the streams.
import { printCursor } from "../../wire/cursor.ts"
import { toBase64 } from "./message-json.ts"
import type { Protocol } from "./protocol.ts"

const lineEnd = /\r\n|\r|\n/

/** `data:` lines. A line break inside the text starts a new line; CR and CRLF arrive as LF, since the format has no other. */
export function dataLines(text: string): string {
  if (!text.includes("\n") && !text.includes("\r")) return `data: ${text}\n`
  let lines = ""
  for (const line of text.split(lineEnd)) lines += `data: ${line}\n`
  return lines
}

/**
 * A block with a name, for what is not a message: `position`, `reset`, `close`, `direct`. Nobody's `onmessage` hears it.
 * The position comes this way and not as a bare `id:`, since some clients drop an id that has no data. Without a cursor the reader keeps its own. */
export function namedBlock(event: string, json: unknown, cursor?: string): string {
  return `${cursor === undefined ? "" : `id: ${cursor}\n`}event: ${event}\n${dataLines(JSON.stringify(json))}\n`
}

/**
 * Tells the reader how many milliseconds to wait before it comes back. It stands before the lines of a block, or last in a
 * stream: in a block of its own some readers (Python's httpx-sse) take it for an empty message.
 */
export const retryLine = (retryMs: number): string => `retry: ${Math.round(retryMs)}\n`

/** A comment: keeps proxies from closing a silent stream. No empty line follows, which to some readers ends a message. */
export const heartbeatComment = ":\n"

/** A message on a stream of one channel. Bytes travel as base64 in an event named `binary`. */
export const eventProtocol: Protocol = {
  index: 2,
  encode(message) {
    const id = `id: ${printCursor(message.channel, message)}\n`
    if (typeof message.data !== "string") return `${id}event: binary\ndata: ${toBase64(message.data)}\n\n`
    return `${id}${dataLines(message.data)}\n`
  },
}

export const eventStreamType = "text/event-stream"
