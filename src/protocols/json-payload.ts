// The payload of a message that comes within JSON: in a frame, in a body of the backend API, in a hook's answer. JSON stays the text
// that it was; a string is read, and base64 becomes bytes.
import { readBase64 } from "../../wire/base64.ts"
import type { Code } from "../../wire/codes.ts"
import { isJsonType, isTextType, parseContentType } from "../../wire/content-type.ts"
import { LabaError } from "../../wire/error.ts"
import type { JsonText } from "../../wire/json-scan.ts"
import type { Payload } from "../engines/engine.ts"

/** A message as JSON says it. */
export interface MessageInJson {
  readonly data: JsonText
  readonly type?: string | undefined
  readonly base64?: boolean | undefined
}

/** Reads the payload by its `type`. Throws `code` when it is not what it says it is. */
export function readJsonPayload({ data, type: given, base64 }: MessageInJson, code: Code): Payload {
  const wrong = (detail: string): LabaError => new LabaError(code, detail)
  const type = parseContentType(given ?? (base64 ? "application/octet-stream" : "application/json"))?.type
  if (type === undefined) throw wrong("`type` must be a content type such as text/plain.")
  const isText = isTextType(type)
  const isJson = isJsonType(type)
  if (base64) {
    const bytes = isString(data) ? readBase64(JSON.parse(data) as string) : null
    if (!bytes) throw wrong("With `base64`, `data` is base64.")
    if (isText || isJson) throw wrong("Bytes need a type that is not text; use application/octet-stream.")
    return { type, data: bytes, bytes: bytes.length }
  }
  if (isJson) return copied(type, data)
  if (!isString(data)) throw wrong(`With the type ${type}, \`data\` is a string.`)
  if (!isText) throw wrong(`With the type ${type}, \`data\` is base64 and \`base64\` is true.`)
  const text = JSON.parse(data) as string
  if (!text.isWellFormed()) throw wrong("`data` holds half of a surrogate pair, so it is no text.")
  return { type, data: text, bytes: encoder.encode(text).length }
}

const isString = (text: JsonText): boolean => text.startsWith('"')

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** A span of a text keeps the whole alive for as long as itself: in a history that would be more than its bound counts. */
function copied(type: string, data: string): Payload {
  const bytes = encoder.encode(data)
  return { type, data: decoder.decode(bytes), bytes: bytes.length }
}
