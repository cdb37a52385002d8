// The subprotocol laba.v1, from the server: what it says, as frames. What clients say is read in commands.ts.
import { entryOf } from "../../../wire/codes.ts"
import { factsOf, LabaError } from "../../../wire/error.ts"
import type { ServerFrame } from "../../../wire/frames.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import { dataJson, messageJson } from "../message-json.ts"
import type { Protocol } from "../protocol.ts"

export const labaProtocol: Protocol = {
  index: 3,
  encode: (message) => `{"op":"message",${messageJson(message).slice(1)}`,
}

/** `ref` is what the client wrote, and goes back as that text: `1.0` is no other `1`, and no digit of a long one is lost. */
export function printFrame(frame: ServerFrame, ref?: JsonText): string {
  const text = JSON.stringify(frame)
  if (ref === undefined) return text
  const behindOp = '{"op":""'.length + frame.op.length
  return `${text.slice(0, behindOp)},"ref":${ref}${text.slice(behindOp)}`
}

/** A frame for one connection alone. */
export const directFrame = (type: string, data: string | Uint8Array): string =>
  `{"op":"direct","type":${JSON.stringify(type)},${dataJson(type, data)}}`

/** What an error is about; nothing when it is the connection's end. */
export interface ErrorPlace {
  readonly ref?: JsonText
  readonly channel?: string
}

/** An error frame. `code` decides whether the client retries. */
export function errorFrame(error: LabaError, { ref, channel }: ErrorPlace = {}): string {
  return printFrame(
    {
      op: "error",
      ...(channel !== undefined && { channel }),
      code: error.code,
      detail: error.detail,
      retry: entryOf(error.code).retry,
      ...factsOf(error),
    },
    ref,
  )
}
