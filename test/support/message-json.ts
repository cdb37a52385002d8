// Reads a message as it stands in laba.v1 frames, in answers to polls and in many-channel streams.
import type { MessageJson } from "../../wire/frames.ts"
import type { HeardMessage } from "./heard.ts"

export function fromJson(message: MessageJson): HeardMessage {
  return {
    kind: "message",
    cursor: message.cursor,
    ownCursor: message.cursor,
    data: dataOf(message),
    channel: message.channel,
    id: message.id,
    type: message.type,
  }
}

function dataOf(message: MessageJson): string | Uint8Array {
  if (message.base64) return Uint8Array.fromBase64(message.data as string)
  const isJson = /^application\/(?:.+\+)?json\b/.test(message.type)
  if (isJson) return JSON.stringify(message.data)
  if (typeof message.data !== "string") throw new Error(`${message.type} came as ${typeof message.data}`)
  return message.data
}
