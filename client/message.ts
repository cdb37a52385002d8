// Messages as the application sees them, and what it publishes as frames: text stays text, bytes travel as base64.
import type { MessageJson } from "../wire/frames.ts"
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

/** The texts of messages whose payload is JSON, as they came. */
const sources = new WeakMap<MessageJson, string>()

/** Notes the text that a message was parsed from. */
export function keepSource(json: MessageJson, source: string): void {
  if (!json.base64 && isJson(json.type)) sources.set(json, source)
}

export function readMessage(json: MessageJson): Message {
  const { channel, cursor, id, time, type, base64 } = json
  const source = sources.get(json)
  return {
    channel,
    cursor,
    id,
    time,
    type,
    data: base64 ? readBase64(json.data as string) : json.data,
    // Looked for when it is asked for: few need it.
    get text() {
      if (base64) return null
      return source === undefined ? (json.data as string) : (memberOf(source, "data") as string)
    },
  }
}

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
export interface Payload {
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
