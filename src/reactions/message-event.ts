// A message as commands and receivers of events get it: its payload as it was published, its facts as variables or headers.
import type { Message } from "../../client/channels/message.ts"
import { isJsonType } from "../../wire/content-type.ts"
import type { CloudEvent } from "./cloud-event.ts"

/** The payload as it was published: text and JSON as UTF-8, bytes as they are. */
export function payloadOf({ type, data, text }: Message): string | Uint8Array {
  if (data instanceof Uint8Array) return data
  // What an older version set aside has no text.
  return text ?? (isJsonType(type) ? JSON.stringify(data) : String(data))
}

/** The environment of a command. */
export function variablesOf(message: Message, attempt: number): Record<string, string> {
  return {
    LABA_CHANNEL: message.channel,
    LABA_CURSOR: message.cursor,
    LABA_ID: message.id,
    LABA_TIME: new Date(message.time).toISOString(),
    LABA_TYPE: message.type,
    LABA_ATTEMPT: String(attempt),
  }
}

/** The event that forwards a message. Its id is the message's, so that a receiver knows one that comes again. */
export function eventOf(message: Message, attempt: number): CloudEvent {
  const { id, channel, time, type, cursor } = message
  const isText = typeof message.data === "string" && !isJsonType(type)
  return {
    id,
    type: "laba.message",
    source: channel,
    time,
    contentType: isText ? `${type}; charset=utf-8` : type,
    body: payloadOf(message),
    attributes: { cursor, attempt: String(attempt) },
  }
}
