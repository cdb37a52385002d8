// A message as JSON text: the payload of poll answers, many-channel streams and, with an `op`, of laba.v1.
import { isJsonType } from "../../wire/content-type.ts"
import { printCursor } from "../../wire/cursor.ts"
import type { Message } from "../engines/engine.ts"
import type { Protocol } from "./protocol.ts"

/** `"data":…` of a message: text as a string, JSON as it was sent, bytes as base64 with `"base64":true`. */
export function dataJson(type: string, data: string | Uint8Array): string {
  if (typeof data !== "string") return `"data":"${toBase64(data)}","base64":true`
  if (!isJsonType(type)) return `"data":${JSON.stringify(data)}`
  // JSON was checked when it was published, so its text can stand as it is: no parsing, and numbers keep their digits.
  // A line break in it is white space between tokens; a frame is one line.
  return `"data":${data.includes("\n") || data.includes("\r") ? data.replace(/[\r\n]+/g, " ") : data}`
}

/** See `MessageJson` in wire/frames.ts. */
export function messageJson(message: Message): string {
  // Canonical channel names, cursors and ids hold nothing that JSON must escape; a type could.
  return `{"channel":"${message.channel}","cursor":"${printCursor(message.channel, message)}","id":"${message.id}","time":${message.time},"type":${JSON.stringify(message.type)},${dataJson(message.type, message.data)}}`
}

export const jsonProtocol: Protocol = { index: 0, encode: messageJson }

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
}
