// The answers to polls, as JSON text. Pure.
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { messageJson } from "../../protocols/message-json.ts"

/** One channel: its cursor, and `reset` with the reason when the cursor it was asked from cannot be resumed. */
export function pollAnswer(
  channel: Channel,
  position: Position,
  reset: ResetReason | null,
  texts: readonly string[],
  more: boolean,
): string {
  return `{"cursor":"${printCursor(channel, position)}","reset":${reset === null ? "null" : `"${reset}"`},"more":${more},"messages":[${texts.join(",")}]}`
}

export interface ChannelReset {
  readonly channel: string
  readonly cursor: string
  readonly reason: ResetReason
}

/** Many channels: a compound cursor, and a reset for each channel that needs one. */
export function manyPollAnswer(
  cursor: string,
  resets: readonly ChannelReset[],
  texts: readonly string[],
  more: boolean,
): string {
  const reset = resets[0] ? `"${resets[0].reason}"` : "null"
  return `{"cursor":"${cursor}","reset":${reset},"resets":${JSON.stringify(resets)},"more":${more},"messages":[${texts.join(",")}]}`
}

export const messagesJson = (texts: readonly Message[]): string[] => texts.map(messageJson)

const pollHeaders = {
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  Vary: "Accept",
} as const

export const pollResponse = (body: string): Response => new Response(body, { headers: pollHeaders })
