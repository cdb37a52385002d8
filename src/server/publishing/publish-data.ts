// What a program hands to `publish`, made into a payload.
import { isCanonicalType, isJsonType, isTextType } from "../../../wire/content-type.ts"
import { LabaError } from "../../../wire/error.ts"
import { mustBeJson } from "../../http/body/payload.ts"
import type { Payload } from "../../engines/engine.ts"

/** A string is text, bytes are bytes, anything else is JSON. */
export type PublishData =
  string | Uint8Array | number | boolean | null | readonly unknown[] | { readonly [key: string]: unknown }

const encoder = new TextEncoder()

/** Throws `bad_json`, `bad_utf8` or `bad_body` when the data is not of its type. */
export function payloadFromData(data: PublishData, type?: string): Payload {
  if (type !== undefined && !isCanonicalType(type)) {
    throw new LabaError(
      "unsupported_type",
      `${JSON.stringify(type.slice(0, 100))} is not a content type such as text/plain.`,
    )
  }
  if (data instanceof Uint8Array) {
    if (type !== undefined && (isTextType(type) || isJsonType(type))) {
      throw new LabaError("bad_body", `Bytes are not ${type}; pass a string, or leave the type out.`)
    }
    // A copy: what the caller does to its buffer later must not change a message.
    return { type: type ?? "application/octet-stream", data: data.slice(), bytes: data.byteLength }
  }
  if (typeof data !== "string") return jsonPayload(JSON.stringify(data), type ?? "application/json")
  mustBeWhole(data)
  const given = type ?? "text/plain"
  if (isJsonType(given)) {
    mustBeJson(data)
    return jsonPayload(data, given)
  }
  if (!isTextType(given))
    throw new LabaError("bad_body", `A string is not ${given}; pass bytes, or a text type.`)
  return { type: given, data, bytes: encoder.encode(data).length }
}

/** Throws `bad_utf8`: what no UTF-8 can hold would arrive as something else. */
export function mustBeWhole(text: string): void {
  if (!text.isWellFormed())
    throw new LabaError("bad_utf8", "The string holds half of a surrogate pair, so it is no text.")
}

function jsonPayload(json: string, type: string): Payload {
  return { type, data: json, bytes: encoder.encode(json).length }
}
