// Publishes what was set aside in a channel, as if it came from its source now. Each dead letter is published once, however
// often somebody asks; what is still at fault stays where it is.
import { type Position, printCursor } from "../../wire/cursor.ts"
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../channels/channel.ts"
import type { HistoryPage, Message } from "../engines/engine.ts"
import type { ReplayReport } from "./ingest.ts"
import { readDeadLetter } from "./pipeline/dead-letter.ts"
import type { PublishPort } from "./pipeline/publish-port.ts"
import type { MessageRoute } from "./template/message-route.ts"

/** Reads a channel's history. */
export interface DeadLetterSource {
  /** Right before the oldest that is kept. */
  oldest(channel: Channel): Promise<Position>
  page(channel: Channel, after: Position): Promise<HistoryPage>
}

interface ReplayOptions {
  readonly name: string
  readonly channel: Channel
  readonly route: Pick<MessageRoute, "outcomeOf">
  readonly port: PublishPort
  readonly deadLetters: DeadLetterSource
}

/** Dead letters that were replayed are known again for as long, and so many. */
const replayedWindow = { count: 100_000, milliseconds: 30 * 24 * 3600 * 1000 } as const

/** Reasons that an answer tells. */
const failedMax = 100

export async function replayDeadLetters(options: ReplayOptions): Promise<ReplayReport> {
  const { channel, deadLetters } = options
  const report = { published: 0, already: 0, failed: [] as { cursor: string; reason: string }[] }
  let after = await deadLetters.oldest(channel)
  for (;;) {
    const page = await deadLetters.page(channel, after)
    if ("reset" in page) return report
    for (const message of page.messages) {
      const answer = await replayOne(message, options)
      if (answer === "published" || answer === "already") report[answer]++
      else if (report.failed.length < failedMax)
        report.failed.push({ cursor: printCursor(channel, message), reason: answer.failed })
    }
    const last = page.messages.at(-1)
    if (!page.more || !last) return report
    after = { epoch: last.epoch, offset: last.offset }
  }
}

async function replayOne(
  { data, epoch, offset }: Message,
  { name, route, port }: ReplayOptions,
): Promise<"published" | "already" | { readonly failed: string }> {
  const letter = typeof data === "string" ? readDeadLetter(data) : null
  if (!letter) return { failed: "It is no dead letter." }
  // Ingests may share a channel: what one may read, another may publish where it is nobody's to see.
  if (letter.ingest !== name) return { failed: `It is a dead letter of another ingest, ${letter.ingest}.` }
  if (letter.missing !== null) return { failed: letter.missing }
  const outcome = route.outcomeOf(letter.message)
  if (outcome.kind === "at-fault") return { failed: outcome.reason }
  if (outcome.kind === "passed-over") return { failed: "It is not meant: `when` or `unless` passes it over." }
  let isNew = false
  try {
    for (const [index, channel] of outcome.channels.entries()) {
      await port.room(channel)
      const { duplicate } = await port.publish(channel, outcome.payload, {
        partition: `${name}:dead;`,
        id: `${epoch}.${offset}/${index}`,
        window: replayedWindow,
      })
      isNew ||= !duplicate
    }
    if (outcome.connection !== null) {
      await port.push(outcome.connection, outcome.payload)
      isNew = true
    }
  } catch (error) {
    if (error instanceof LabaError && error.retry === "stay-away") return { failed: error.detail }
    throw error
  }
  return isNew ? "published" : "already"
}
