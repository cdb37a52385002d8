// Frames as they came: parsed, and the text of those that carry JSON kept, because numbers and spaces in it are its publisher's own.
import { isJsonType } from "../../wire/content-type.ts"
import type { MessageJson, ServerFrame } from "../../wire/frames.ts"
import { memberOf } from "./json-text.ts"

/** A payload in a frame: a message's, or one that was pushed to this connection alone. */
export type PayloadFrame = Pick<MessageJson, "type" | "data" | "base64">

/** The texts of frames whose payload is JSON. */
const texts = new WeakMap<PayloadFrame, string>()

/** Keeps the text that a frame was parsed from. */
export function keepText(frame: PayloadFrame, text: string): void {
  if (!frame.base64 && isJsonType(frame.type)) texts.set(frame, text)
}

/** The payload as it was published; null for bytes. */
export function payloadText(frame: PayloadFrame): string | null {
  const text = texts.get(frame)
  if (text !== undefined) return memberOf(text, "data") as string
  return frame.base64 ? null : (frame.data as string)
}

/** Keeps the text of a frame, should what is in it be asked for as it came. */
export function withText(frame: ServerFrame, text: string): ServerFrame {
  if (frame.op === "message" || frame.op === "direct") keepText(frame, text)
  return frame
}

/** A frame from the wire, or null for anything else. An unknown `op` is a newer server's: the reader passes over it. */
export function parseFrame(text: unknown): ServerFrame | null {
  try {
    const frame = JSON.parse(text as string)
    return frame && typeof frame.op === "string" ? withText(frame, text as string) : null
  } catch {
    return null
  }
}
