// What streamed and polled sessions have in common: how they begin.
import type { Channel } from "../../channels/channel.ts"
import type { Conversation } from "../laba/conversation.ts"

export interface SessionStart {
  /** Attached by the application. */
  readonly channels: readonly Channel[]
  /** Sent to this session alone, after `hello`. */
  readonly reply: string | Uint8Array | undefined
}

export function greet(conversation: Conversation, { channels, reply }: SessionStart): void {
  conversation.hello()
  if (reply !== undefined) {
    conversation.connection.direct(
      typeof reply === "string" ? "text/plain" : "application/octet-stream",
      reply,
    )
  }
  for (const channel of channels) conversation.attach(channel)
}
