// Moves what was accepted from the journal into the tables of its channel, and clears what nobody can read any more: in
// transactions of bounded size, between commits. A message that was dropped before its turn is never flushed at all, so a busy
// channel costs the disk little more than what is kept of it.
import type { Message } from "../engine.ts"
import type { ChannelTables, ChannelRow } from "./database/channel-tables.ts"
import type { StoredChannels } from "./stored-channels.ts"
import type { Journal } from "./database/journal.ts"
import type { DatabaseFile } from "./database/database-file.ts"
import type { StoredLog } from "./stored-log.ts"

/** Messages flushed in one transaction: 2 ms when each is of a channel of its own. */
const sliceMax = 128

/** Messages looked at for that: most of a busy channel's were dropped meanwhile. */
const lookMax = 4096

/** Rows brought up to date in one transaction, channels looked at for expired messages, messages deleted of one channel. */
const rowsMax = 64
const sweepMax = 64
const deleteMax = 512

/** Accepted messages that wait to be flushed. Below the first, flushing waits: what is dropped meanwhile need not be written. */
const waitingMin = 2000
const waitingMax = 20_000
const waitingBytesMin = 8 * 1024 * 1024

/** The shortest time between two looks at one channel for expired messages. */
const dueMinMs = 1000

/** What a commit accepted, as it waits to be flushed. */
type Accepted =
  | { readonly kind: "message"; readonly batch: number; readonly log: StoredLog; readonly message: Message }
  /** The log began anew; `oldId` is the row of its earlier life, if it had one. */
  | {
      readonly kind: "forget"
      readonly batch: number
      readonly log: StoredLog
      readonly epochText: string
      readonly oldId: number | null
    }

interface JournalFlusherOptions {
  readonly database: DatabaseFile
  readonly tables: ChannelTables
  readonly journal: Journal
  readonly channels: StoredChannels
  readonly now: () => number
}

/** What a transaction has flushed of one log. */
interface Flushed {
  head: number
  bytes: number
  /** When the oldest of it was accepted. */
  since: number
}

export class JournalFlusher {
  private readonly options: JournalFlusherOptions
  private waiting: Accepted[] = []
  private waitingBytes = 0

  constructor(options: JournalFlusherOptions) {
    this.options = options
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.options.channels.dirty.size === 0
  }

  /** Enough has come together for flushing to be worth it. */
  get isDue(): boolean {
    return this.waiting.length > waitingMin || this.waitingBytes > waitingBytesMin
  }

  /** Commits must wait until some of it is flushed. */
  get isFull(): boolean {
    return this.waiting.length > waitingMax || this.waitingBytes > 4 * waitingBytesMin
  }

  add(accepted: Accepted): void {
    this.waiting.push(accepted)
    accepted.log.unflushed++
    if (accepted.kind === "message") this.waitingBytes += accepted.message.bytes
  }

  /** Flushes the next slice. Throws what SQLite throws, and then nothing has changed. */
  step(): void {
    const { database, tables, journal, channels, now } = this.options
    const flushed = new Map<StoredLog, Flushed>()
    const removed: number[] = []
    const added = new Set<StoredLog>()
    const rows: ChannelRow[] = []
    let taken = 0
    let bytes = 0
    const dirty = [...channels.dirty].slice(0, rowsMax)
    const flushedOf = (log: StoredLog): Flushed => {
      let known = flushed.get(log)
      if (!known) flushed.set(log, (known = { head: log.flushed, bytes: 0, since: now() }))
      return known
    }
    database.transaction(() => {
      const end = Math.min(this.waiting.length, lookMax)
      for (let inserts = 0; taken < end && inserts < sliceMax; taken++) {
        const accepted = this.waiting[taken] as Accepted
        const { log } = accepted
        if (accepted.kind === "forget") {
          if (accepted.oldId !== null) {
            tables.remove(accepted.oldId)
            removed.push(accepted.oldId)
          }
          if (log.epochText === accepted.epochText) flushedOf(log)
          continue
        }
        const { message } = accepted
        bytes += message.bytes
        // Of an earlier life: it was forgotten while it waited.
        if (log.epochText !== message.epoch) continue
        const of = flushedOf(log)
        of.head = message.offset
        if (message.offset < log.first) continue
        tables.insert(log.id, message)
        of.bytes += message.bytes
        of.since = Math.min(of.since, message.time)
        inserts++
      }
      for (const log of dirty) flushedOf(log)
      for (const [log, { head, bytes: more, since }] of flushed) {
        if (!log.onDisk) added.add(log)
        rows.push(this.writeRow(log, { head, bytes: log.flushedBytes + more, since }))
      }
      const next = this.waiting[taken]
      journal.flushedBefore(next ? next.batch : Number.MAX_SAFE_INTEGER)
    })
    let row = 0
    for (const [log, { head, bytes: more }] of flushed) {
      const written = rows[row++] as ChannelRow
      log.flushed = head
      log.flushedBytes += more
      channels.charged(log, () => void (log.onDisk = true))
      log.due = written.due
      log.usedWritten = written.used
      channels.dirty.delete(log)
    }
    channels.rows += added.size - removed.length
    for (const accepted of this.waiting.splice(0, taken))
      if (accepted.log.epochText === epochOf(accepted)) accepted.log.unflushed--
    this.waitingBytes -= bytes
  }

  /** Clears some of what has expired, on disk. */
  sweep(): void {
    const { database, tables, journal, channels, now } = this.options
    const time = now()
    // A channel in memory is brought up to date like any other change of it; for the others only the row is.
    const cold: { readonly log: StoredLog; readonly freed: number }[] = []
    for (const name of tables.due(time, sweepMax)) {
      const hot = channels.hot(name)
      const row = hot ? null : tables.find(name)
      const log = hot ?? (row && channels.load(row))
      // One that has begun anew in memory has its earlier life's row until that is flushed.
      if (!log?.onDisk) continue
      const timeMs = log.keepMs ?? 0
      const keep = { count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, timeMs }
      if (hot) {
        channels.trim(hot, keep, time)
        channels.dirty.add(hot)
      } else {
        const before = log.cost
        log.trim(keep, time)
        cold.push({ log, freed: before - log.cost })
      }
    }
    database.transaction(() => {
      for (const { log } of cold)
        this.writeRow(log, { head: log.flushed, bytes: log.flushedBytes, since: time })
      journal.expire(time)
      journal.sources.expire(time)
    })
    for (const { log, freed } of cold) channels.chargeDisk(log.owner, -freed)
  }

  /** Deletes some of what was forgotten. False when nothing is left of it. */
  collect(): boolean {
    const { database, tables } = this.options
    return database.transaction(() => tables.collect(deleteMax))
  }

  /** Within a transaction: makes the row say what is kept, and deletes some of what is not. */
  private writeRow(log: StoredLog, { head, bytes, since }: Flushed): ChannelRow {
    const { tables } = this.options
    const now = this.options.now()
    // Messages beyond `head` are in the journal still, and are read from there after a crash.
    const first = Math.min(log.first, head + 1)
    let due = first > head ? null : (log.due ?? since + (log.keepMs ?? 0))
    if (due !== null && due <= now) due = now + Math.max(dueMinMs, (log.keepMs ?? 0) / 8)
    if (log.first > 1) {
      const oldest = tables.oldest(log.id)
      if (oldest !== null && oldest < first) {
        tables.deleteBetween(log.id, oldest, Math.min(first, oldest + deleteMax))
        if (oldest + deleteMax < first) due = now
      }
    }
    const row: ChannelRow = {
      id: log.id,
      name: log.channel,
      epoch: log.epoch,
      head,
      first,
      bytes,
      keep_ms: log.keepMs,
      due,
      used: log.isUseStale ? log.touchedAt : log.usedWritten,
      owner: log.owner?.name ?? null,
    }
    if (log.onDisk) tables.update(row)
    else tables.add(row)
    return row
  }
}

const epochOf = (accepted: Accepted): string =>
  accepted.kind === "forget" ? accepted.epochText : accepted.message.epoch
