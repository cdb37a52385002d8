// SockJS carries text. What is sent over it as bytes is UTF-8, or cannot be sent.
import { LabaError } from "../../../wire/error.ts"
import type { Frame } from "../protocol.ts"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The texts of some frames; null when one of them is no UTF-8. */
export function textsOf(frames: readonly Frame[]): string[] | null {
  try {
    return frames.map((frame) => (typeof frame === "string" ? frame : decoder.decode(frame)))
  } catch {
    return null
  }
}

export const notText = (): LabaError =>
  new LabaError("bad_utf8", "A message is bytes that are no UTF-8, and SockJS carries text alone.")
