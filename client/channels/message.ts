// Messages as the application sees them, and what it publishes as frames: text stays text, bytes travel as base64.
import type { MessageJson } from "../../wire/frames.ts"
import { memberOf } from "./json-text.ts"

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

/** A payload in a frame: a message's, or one that was pushed to this connection alone. */
type Carrier = Pick<MessageJson, "type" | "data" | "base64">

/** The texts of frames whose payload is JSON, as they came. */
const sources = new WeakMap<object, string>()

/** Notes the text that a frame was parsed from. */
export function keepSource(frame: Carrier, source: string): void {
  if (!frame.base64 && isJson(frame.type)) sources.set(frame, source)
}

/** Adds a frame's payload to what else is told of it. */
export function withPayload<Facts>(
  facts: Facts,
  frame: Carrier,
): Facts & Pick<Message, "type" | "data" | "text"> {
  const { type, data, base64 } = frame
  const source = sources.get(frame)
  return Object.defineProperty(
    { ...facts, type, data: base64 ? readBase64(data as string) : data, text: null as string | null },
    "text",
    {
      enumerable: true,
      // Looked for when it is asked for: few need it.
      get: () => (base64 ? null : source === undefined ? data : memberOf(source, "data")),
    },
  )
}

export const readMessage = (json: MessageJson): Message =>
  withPayload({ channel: json.channel, cursor: json.cursor, id: json.id, time: json.time }, json)

export function readBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

function printBase64(bytes: Uint8Array): string {
  let text = ""
  // Not in one call: an argument list has a longest length.
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** What a publish frame says of its payload, and how large the payload is. */
interface Payload {
  readonly bytes: number
  readonly frame: { readonly data: unknown; readonly type: string; readonly base64?: true }
}

/** A string is `text/plain`, bytes are `application/octet-stream`, everything else is JSON; `type` says otherwise. */
export function payloadOf(data: unknown, type?: string): Payload {
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
    const bytes =
      data instanceof ArrayBuffer
        ? new Uint8Array(data)
        : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return {
      bytes: bytes.length,
      frame: { data: printBase64(bytes), type: type || "application/octet-stream", base64: true },
    }
  }
  if (typeof data === "string" && !(type && isJson(type))) {
    return { bytes: utf8Length(data), frame: { data, type: type || "text/plain" } }
  }
  const text: string | undefined = JSON.stringify(data, refuseOpaque)
  if (text === undefined) throw notPublishable(data)
  // Read again, so that what changes while the publish waits is not what is sent.
  return { bytes: utf8Length(text), frame: { data: JSON.parse(text), type: type || "application/json" } }
}

/** What JSON prints as `{}` and is none: a Blob, a FormData, a Map, a promise that was not awaited. */
function refuseOpaque(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (!isPlain && JSON.stringify(value) === "{}") throw notPublishable(value)
  return value
}

const notPublishable = (value: unknown): TypeError =>
  new TypeError(`what is published is text, bytes or JSON, not ${Object.prototype.toString.call(value)}`)

const isJson = (type: string): boolean => /^application\/(.+\+)?json\b/.test(type)

const utf8Length = (text: string): number => new TextEncoder().encode(text).length
