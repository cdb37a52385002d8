// Recovers from the journal at the start: brings back what was accepted and not yet flushed when the last run ended. Harmless to what was
// flushed.
import type { Message } from "../engine.ts"
import { bytesOfHeaders } from "../../../wire/message-headers.ts"
import type { StoredChannels } from "./stored-channels.ts"
import type { Epochs } from "./epochs.ts"
import type { JournalFlusher } from "./journal-flusher.ts"
import type { JournalRecord, Journal } from "./database/journal.ts"

interface RecoveryOptions {
  readonly journal: Journal
  readonly channels: StoredChannels
  readonly epochs: Epochs
  readonly flusher: JournalFlusher
}

export function recoverJournal(options: RecoveryOptions): void {
  for (const { batch, records } of options.journal.unflushed())
    for (const record of records) replayRecord(options, batch, record)
}

function replayRecord(
  { channels, epochs, flusher }: RecoveryOptions,
  batch: number,
  record: JournalRecord,
): void {
  const { channel, epoch } = record
  epochs.sawEpoch(epoch)
  const log = channels.open(channel, record.kind === "message" ? epoch : undefined)
  // Of a life that has ended since.
  if (epoch < log.epoch) return
  if (epoch > log.epoch) {
    const oldId = channels.restart(log, epoch)
    flusher.add({ kind: "forget", batch, log, epochText: log.epochText, oldId })
  }
  if (record.kind === "forget" || record.offset <= log.head) return
  const { offset, type, id, time, data, headers, keepMs } = record
  const payloadBytes = typeof data === "string" ? Buffer.byteLength(data) : data.length
  const bytes = payloadBytes + (headers ? bytesOfHeaders(headers) : 0)
  const message: Message = {
    channel,
    epoch: log.epochText,
    offset,
    type,
    data,
    bytes,
    id,
    time,
    ...(headers && { headers }),
  }
  channels.append(log, message)
  log.keepMs = keepMs
  flusher.add({ kind: "message", batch, log, message })
}
