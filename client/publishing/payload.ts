// What is published, as a frame says it: text stays text, bytes travel as base64, everything else is JSON.
import { isJsonType } from "../../wire/content-type.ts"

/** What a publish frame says of its payload, and how large the payload is. */
interface Payload {
  readonly bytes: number
  readonly frame: { readonly data: unknown; readonly type: string; readonly base64?: true }
}

/** A string is `text/plain`, bytes are `application/octet-stream`, everything else is JSON; `type` says otherwise. */
export function encodePayload(data: unknown, type?: string): Payload {
  if (isBinary(data)) {
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(data) ? data : new Uint8Array(data)
    const text = printBase64(new Uint8Array(buffer, byteOffset, byteLength))
    return {
      bytes: byteLength,
      frame: { data: text, type: type || "application/octet-stream", base64: true },
    }
  }
  if (typeof data === "string" && !(type && isJson(type)))
    return { bytes: utf8Length(data), frame: { data, type: type || "text/plain" } }
  const text: string | undefined = JSON.stringify(data, refuseOpaque)
  if (text === undefined) throw notPublishable(data)
  // Read again, so that what changes while the publish waits is not what is sent.
  return { bytes: utf8Length(text), frame: { data: JSON.parse(text), type: type || "application/json" } }
}

export const isBinary = (data: unknown): data is ArrayBuffer | ArrayBufferView =>
  data instanceof ArrayBuffer || ArrayBuffer.isView(data)

/** Byte by byte: an argument list has a longest length. */
const printBase64 = (bytes: Uint8Array): string =>
  btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""))

/** What JSON prints as `{}` and is none: a Blob, a FormData, a Map, a promise that was not awaited. */
function refuseOpaque(_key: string, value: unknown): unknown {
  if (value && typeof value === "object" && !Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value)
    // Plain objects have no more than one.
    if (prototype && Object.getPrototypeOf(prototype) && JSON.stringify(value) === "{}")
      throw notPublishable(value)
  }
  return value
}

const notPublishable = (value: unknown): TypeError =>
  new TypeError(`what is published is text, bytes or JSON, not ${{}.toString.call(value)}`)

/** As the application wrote it: perhaps with parameters, perhaps in capitals. */
const isJson = (type: string): boolean => isJsonType((type.split(";")[0] as string).trim().toLowerCase())

const utf8Length = (text: string): number => new TextEncoder().encode(text).length
