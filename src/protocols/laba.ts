// The subprotocol laba.v1: frames in, frames out. Pure; what commands do is the conversation's affair.
import { codes, type Code, entryOf } from "../../wire/codes.ts"
import { isJsonType, isTextType, parseContentType } from "../../wire/content-type.ts"
import { factsOf, LabaError } from "../../wire/error.ts"
import type { ClientFrame, Ref, ServerFrame } from "../../wire/frames.ts"
import { idempotencyKeyCharsMax } from "../../wire/limits.ts"
import { dataJson, messageJson } from "./message-json.ts"
import type { Protocol } from "./protocol.ts"

export const labaProtocol: Protocol = {
  slot: 3,
  seal: (message) => `{"op":"message",${messageJson(message).slice(1)}`,
}

export const printFrame = (frame: ServerFrame): string => JSON.stringify(frame)

/** A frame for one connection alone. */
export const directFrame = (type: string, data: string | Uint8Array): string =>
  `{"op":"direct","type":${JSON.stringify(type)},${dataJson(type, data)}}`

/** What an error is about; nothing when it is the connection's end. */
export interface ErrorPlace {
  readonly ref?: Ref
  readonly channel?: string
}

/** An error frame. `code` decides whether the client retries. */
export function errorFrame(error: LabaError, where: ErrorPlace = {}): string {
  return printFrame({
    op: "error",
    ...where,
    code: error.code,
    detail: error.detail,
    retry: entryOf(error.code).retry,
    ...factsOf(error),
  })
}

/** A frame that could not be read. With a `ref` the connection can go on, since its sender learns which one it was. */
export class BadFrame extends LabaError {
  readonly ref: Ref | undefined

  constructor(detail: string, ref?: Ref) {
    super("bad_frame", detail)
    this.ref = ref
  }
}

const refCharsMax = 64

/** Reads the text of one client frame. Throws `BadFrame`. */
export function decodeFrame(text: string): ClientFrame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadFrame("A frame is JSON text; this is not.")
  }
  return checkFrame(value)
}

/** Checks that a parsed value is a client frame, so that nothing behind this needs to look again. Throws `BadFrame`. */
export function checkFrame(value: unknown): ClientFrame {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadFrame("A frame is a JSON object with `op`.")
  }
  const frame = value as Record<string, unknown>
  const ref = refOf(frame)
  const need = (name: string, kind: "string" | "boolean", optional: boolean): void => {
    const given = frame[name]
    if (given === undefined && optional) return
    if (typeof given !== kind)
      throw new BadFrame(`\`${name}\` must be a ${kind} in a frame \`${String(frame["op"])}\`.`, ref)
  }
  switch (frame["op"]) {
    case "subscribe":
      need("channel", "string", false)
      need("after", "string", true)
      break
    case "unsubscribe":
      need("channel", "string", false)
      break
    case "presence":
      need("channel", "string", false)
      need("watch", "boolean", true)
      break
    case "publish":
      need("channel", "string", false)
      need("type", "string", true)
      need("base64", "boolean", true)
      need("key", "string", true)
      if (!("data" in frame)) throw new BadFrame("A frame `publish` needs `data`.", ref)
      break
    case "token":
      need("token", "string", false)
      break
    case "ping":
      break
    default:
      throw new BadFrame("`op` must be one of subscribe, unsubscribe, publish, presence, token, ping.", ref)
  }
  return value as ClientFrame
}

function refOf(frame: Record<string, unknown>): Ref | undefined {
  const { ref } = frame
  if (ref === undefined) return undefined
  if (typeof ref === "number" && Number.isFinite(ref)) return ref
  if (typeof ref === "string" && ref.length <= refCharsMax) return ref
  throw new BadFrame(`\`ref\` must be a number, or a string of at most ${refCharsMax} characters.`)
}

const encoder = new TextEncoder()
const base64Grammar = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const keyGrammar = /^[\x21-\x7e]+$/

/** The payload of a `publish` frame, by its `type`. Throws `BadFrame`. */
export function payloadOf(frame: ClientFrame & { op: "publish" }): {
  type: string
  data: string | Uint8Array
  bytes: number
} {
  const wrong = (detail: string) => new BadFrame(detail, frame.ref)
  const type = parseContentType(
    frame.type ?? (frame.base64 ? "application/octet-stream" : "application/json"),
  )?.type
  if (type === undefined) throw wrong("`type` must be a content type such as text/plain.")
  if (frame.base64) {
    if (typeof frame.data !== "string" || !base64Grammar.test(frame.data))
      throw wrong("With `base64`, `data` is base64.")
    const data = Uint8Array.from(atob(frame.data), (char) => char.charCodeAt(0))
    if (isTextType(type) || isJsonType(type))
      throw wrong("Bytes need a type that is not text; use application/octet-stream.")
    return { type, data, bytes: data.length }
  }
  if (isJsonType(type)) return text(type, JSON.stringify(frame.data))
  if (typeof frame.data !== "string") throw wrong(`With the type ${type}, \`data\` is a string.`)
  if (!isTextType(type)) throw wrong(`With the type ${type}, \`data\` is base64 and \`base64\` is true.`)
  if (!frame.data.isWellFormed()) throw wrong("`data` holds half of a surrogate pair, so it is no text.")
  return text(type, frame.data)
}

function text(type: string, data: string): { type: string; data: string; bytes: number } {
  return { type, data, bytes: encoder.encode(data).length }
}

/** Checks an Idempotency-Key, from a frame or a header: printable ASCII without spaces. Throws `bad_key`. */
export function checkKey(key: string): string {
  if (key.length <= idempotencyKeyCharsMax && keyGrammar.test(key)) return key
  throw new LabaError(
    "bad_key",
    `An Idempotency-Key is 1 to ${idempotencyKeyCharsMax} printable ASCII characters without spaces.`,
  )
}

/** Whether a code may end a WebSocket. */
export const closes = (code: Code): boolean => "close" in codes[code]
