// Messages as the application sees them: JSON as itself, text as text, bytes as bytes.
import { bytesOfBase64 } from "../../wire/base64.ts"
import type { MessageJson } from "../../wire/frames.ts"
import { type PayloadFrame, payloadText } from "../frames/parse-frame.ts"

/** A message as it is handed to the application. */
export interface Message {
  readonly channel: string
  /** Listen `after` this and nothing is missed or doubled. */
  readonly cursor: string
  readonly id: string
  /** Milliseconds since 1970, by the clock of the server that accepted it. */
  readonly time: number
  /** The content type it was published with. */
  readonly type: string
  /** JSON as itself, text as a string, anything else as a `Uint8Array`. */
  readonly data: unknown
  /** The payload as it was published; null for bytes. In it numbers of JSON have all their digits, which `data` cannot hold beyond 2^53. */
  readonly text: string | null
}

/** Adds a frame's payload to what else is told of it. */
export function withPayload<Facts>(
  facts: Facts,
  frame: PayloadFrame,
): Facts & Pick<Message, "type" | "data" | "text"> {
  const { type, data, base64 } = frame
  return Object.defineProperty(
    { ...facts, type, data: base64 ? bytesOfBase64(data as string) : data, text: null as string | null },
    "text",
    // Looked for when it is asked for: few need it.
    { enumerable: true, get: () => payloadText(frame) },
  )
}

export const readMessage = (json: MessageJson): Message =>
  withPayload({ channel: json.channel, cursor: json.cursor, id: json.id, time: json.time }, json)
