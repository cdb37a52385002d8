// What was sent as bytes of a content type becomes a payload: text that is UTF-8, JSON that is JSON, or bytes as they are.
import { type ContentType, isJsonType, isTextType, parseContentType } from "../../../wire/content-type.ts"
import { LabaError } from "../../../wire/error.ts"
import { BadJson, checkJson } from "../../../wire/json-scan.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"
import type { Payload } from "../../engines/engine.ts"

/**
 * Fatal, so that nothing is replaced in silence. A byte order mark is kept: a message arrives as it was sent, and JSON
 * that begins with one is no JSON (RFC 8259, 8.1).
 */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Reads a `Content-Type` header, or a part's. Null when there is none. Throws `unsupported_type`. */
export function readContentType(header: string | null): ContentType | null {
  // A Blob without a type is sent with an empty header by some clients.
  if (header === null || header === "") return null
  const contentType = parseContentType(header)
  if (contentType) return contentType
  throw new LabaError(
    "unsupported_type",
    "The Content-Type is malformed; `text/plain; charset=utf-8` would be well-formed.",
  )
}

/** Checks bytes against what they are said to be. Throws `bad_utf8`, `bad_json` and `unsupported_type`. */
export function payloadFromBytes(contentType: ContentType | null, bytes: Uint8Array): Payload {
  if (!contentType) return guess(bytes)
  const { type } = contentType
  const json = isJsonType(type)
  if (!json && !isTextType(type)) return bytesPayload(type, bytes)
  refuseForeignCharset(contentType)
  const text = decodeUtf8(bytes)
  if (text === null) throw new LabaError("bad_utf8", `What is ${type} must be UTF-8, and this is not.`)
  if (json) mustBeJson(text)
  return { type, data: text, bytes: bytes.length }
}

/** Text in UTF-8, or null when it is not. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** Throws `unsupported_type` for another charset than UTF-8 and its subset US-ASCII: nothing is recoded here. */
export function refuseForeignCharset({ parameters }: ContentType): void {
  const charset = parameters.get("charset")?.toLowerCase()
  if (charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii") return
  throw new LabaError(
    "unsupported_type",
    "Text is taken in UTF-8 only; leave the charset out or send `charset=utf-8`.",
  )
}

function guess(bytes: Uint8Array): Payload {
  const text = decodeUtf8(bytes)
  if (text === null) return bytesPayload("application/octet-stream", bytes)
  return { type: "text/plain", data: text, bytes: bytes.length }
}

/** A part of a form is a view into the whole of it, which must not be kept for as long as the message is. */
function bytesPayload(type: string, bytes: Uint8Array): Payload {
  const data = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
  return { type, data, bytes: data.length }
}

/** Throws `bad_json` unless the text is JSON, nested no deeper than a payload may be. */
export function mustBeJson(text: string): void {
  try {
    checkJson(text, jsonDepthMax)
  } catch (cause) {
    if (!(cause instanceof BadJson)) throw cause
    throw new LabaError("bad_json", `What is published as JSON must be JSON; this ${cause.message}.`, {
      cause,
    })
  }
}
