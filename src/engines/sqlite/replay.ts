// After a start: brings back what was accepted and not yet filed when the last run ended. Harmless to what was filed.
import type { Message } from "../engine.ts"
import type { Channels } from "./channels.ts"
import type { Epochs } from "./epochs.ts"
import type { Filing } from "./filing.ts"
import type { Entry, Journal } from "./journal.ts"

interface ReplayOptions {
  readonly journal: Journal
  readonly channels: Channels
  readonly epochs: Epochs
  readonly filing: Filing
}

export function replay(options: ReplayOptions): void {
  for (const { batch, entries } of options.journal.unfiled())
    for (const entry of entries) replayOne(options, batch, entry)
}

function replayOne({ channels, epochs, filing }: ReplayOptions, batch: number, entry: Entry): void {
  const { channel, epoch } = entry
  epochs.sawEpoch(epoch)
  const log = channels.open(channel, entry.kind === "message" ? epoch : undefined)
  // Of a life that has ended since.
  if (epoch < log.epoch) return
  if (epoch > log.epoch) {
    const oldId = channels.restart(log, epoch)
    filing.add({ kind: "forget", batch, log, epochText: log.epochText, oldId })
  }
  if (entry.kind === "forget" || entry.offset <= log.head) return
  const { offset, type, id, time, data, keepMs } = entry
  const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length
  const message: Message = { channel, epoch: log.epochText, offset, type, data, bytes, id, time }
  channels.append(log, message)
  log.keepMs = keepMs
  filing.add({ kind: "message", batch, log, message })
}
