// One channel that is kept on disk: its numbers, what of it is kept, and its newest messages in memory. Every message
// from `first` to `head` is either in the tables or in memory. Knows no other channel.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { ChannelState, Message, HistoryPage, PageBounds } from "../engine.ts"
import type { BudgetOwner } from "../budget-owners.ts"
import type { ChannelTables, Size } from "./database/channel-tables.ts"

/** What a message and a channel cost in memory beside the payload. Measured, rounded up. */
const messageOverheadBytes = 200
const logOverheadBytes = 600

/** What they cost on disk beside it: row, keys, index entries. */
const messageDiskBytes = 100
const channelDiskBytes = 300

/** Sizes of the oldest messages read at once to see what may be dropped. */
const sizesMax = 64

/** Messages that only the disk knows, dropped in one look: the rest goes at the next one, and may be read until then. */
const dropsMax = 2000

/** How stale the time of a channel's last use may be on disk: writing it more often is what would cost most. */
const usedStaleMs = 60_000

/** Messages taken into memory when somebody resumes from beyond what is there. */
const warmMessagesMax = 1000

/** What a channel with these contents counts for in the budget of the disk. */
export const diskCost = (messages: number, bytes: number): number =>
  channelDiskBytes + messages * messageDiskBytes + bytes

interface LogStart {
  readonly id: number
  readonly epoch: number
  readonly epochText: string
}

export class StoredLog {
  readonly channel: Channel
  readonly tables: ChannelTables
  id: number
  epoch: number
  epochText: string
  /** Whether there is a row for it. */
  onDisk = false
  /** Offset of the newest durable message; 0 before the first. */
  head = 0
  /** Offset of the oldest message that is kept; `head + 1` when none is. */
  first = 1
  /** Payload bytes that are kept. */
  bytes = 0
  /** Offset up to which messages are in the tables, and the payload bytes of those of them that are kept. */
  flushed = 0
  flushedBytes = 0
  /** Changed by `Channels.setListened` alone, since it changes what this costs. */
  listened = false
  /** Drafts that wait for a commit, and messages that wait to be flushed. */
  waiting = 0
  unflushed = 0
  /** Who answers for it in the budget of the disk. */
  owner: BudgetOwner<StoredLog> | null = null
  keepMs: number | null = null
  due: number | null = null
  usedWritten = 0
  touchedAt = 0
  /** Numbers given in the commit that is being written. */
  next: { epoch: number; epochText: string; head: number } | null = null
  /** The newest messages, without holes, up to `head`. */
  private recent: Message[] = []
  private recentBytes = 0
  /** Sizes of the oldest kept messages on disk. */
  private sizes: { readonly from: number; readonly list: Size[] } = { from: 0, list: [] }

  constructor(channel: Channel, tables: ChannelTables, start: LogStart) {
    this.channel = channel
    this.tables = tables
    this.id = start.id
    this.epoch = start.epoch
    this.epochText = start.epochText
  }

  get tail(): Position {
    return { epoch: this.epochText, offset: this.head }
  }

  get kept(): number {
    return this.head - this.first + 1
  }

  /** What it counts for in memory: what would be free if it went, and while somebody listens only messages can. */
  get memoryCost(): number {
    return (
      (this.listened ? 0 : logOverheadBytes) + this.recentBytes + this.recent.length * messageOverheadBytes
    )
  }

  /** What it counts for in the budget of the disk, as above; nothing while nothing was published. */
  get cost(): number {
    if (this.head === 0 && !this.onDisk) return 0
    return diskCost(this.kept, this.bytes) - (this.listened ? channelDiskBytes : 0)
  }

  get isUseStale(): boolean {
    return this.touchedAt - this.usedWritten > usedStaleMs
  }

  private get recentFirst(): number {
    return this.head - this.recent.length + 1
  }

  append(message: Message): void {
    this.recent.push(message)
    this.recentBytes += message.bytes
    this.bytes += message.bytes
    this.head = message.offset
  }

  /** It was forgotten, and begins anew. */
  restart(start: LogStart): void {
    this.id = start.id
    this.epoch = start.epoch
    this.epochText = start.epochText
    this.onDisk = false
    this.head = 0
    this.first = 1
    this.bytes = 0
    this.flushed = 0
    this.flushedBytes = 0
    this.unflushed = 0
    this.due = null
    this.recent = []
    this.recentBytes = 0
    this.sizes = { from: 0, list: [] }
  }

  /** Drops what the rule no longer keeps. True when something was dropped. */
  trim(keep: NonNullable<Keep>, now: number): boolean {
    const before = this.first
    const expired = now - keep.timeMs
    for (let drops = 0; this.first <= this.head && drops < dropsMax; drops++) {
      const oldest = this.sizeOf(this.first)
      if (this.kept <= keep.count && this.bytes <= keep.bytes && oldest.time >= expired) break
      this.drop(oldest.bytes)
    }
    if (this.first === before) return false
    this.releaseRecent()
    return true
  }

  /** Drops all of it. */
  clear(): void {
    this.first = this.head + 1
    this.bytes = 0
    this.flushedBytes = 0
    this.releaseRecent()
  }

  /** Frees the memory of what can be read from the disk. */
  cool(): void {
    const keepFrom = Math.max(this.flushed + 1, this.recentFirst)
    this.recent = this.recent.slice(keepFrom - this.recentFirst)
    this.recentBytes = this.recent.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  state(): ChannelState {
    if (this.kept > 0 && this.recent.length === 0) this.take(this.head)
    const newest = this.kept > 0 ? (this.recent[this.recent.length - 1] ?? null) : null
    return { tail: this.tail, history: "kept", kept: this.kept, newest }
  }

  /** The messages after `after`. Work grows with what is returned, not with what is stored: offsets have no holes. */
  page(after: Position, bounds: PageBounds): HistoryPage {
    const { tail } = this
    if (after.epoch !== this.epochText || after.offset > this.head) return { reset: "epoch", tail }
    if (after.offset < this.first - 1) return { reset: "trimmed", tail }
    const from = after.offset + 1
    if (from > this.head) return { messages: [], more: false, tail }
    if (from < this.recentFirst) this.take(Math.max(from, this.head - warmMessagesMax + 1))
    const messages: Message[] = []
    let bytes = 0
    const beyond =
      from < this.recentFirst
        ? this.tables.read(this.place, from, this.recentFirst - 1, Math.max(1, bounds.messages))
        : []
    for (let i = 0; ; i++) {
      const message = beyond[i] ?? this.recent[from + i - this.recentFirst]
      if (!message || message.offset !== from + i) break
      if (messages.length > 0 && (messages.length >= bounds.messages || bytes + message.bytes > bounds.bytes))
        break
      messages.push(message)
      bytes += message.bytes
    }
    if (messages.length === 0) throw new MissingMessages(this.channel)
    return { messages, more: from + messages.length <= this.head, tail }
  }

  private get place() {
    return { id: this.id, channel: this.channel, epoch: this.epochText }
  }

  /** Brings messages from `from` on into memory. */
  private take(from: number): void {
    const first = Math.max(from, this.first)
    const last = Math.min(this.recentFirst - 1, this.flushed)
    if (first > last) return
    const read = this.tables.read(this.place, first, last, last - first + 1)
    // What a damaged table lacks must not be skipped in silence.
    if (read.length !== last - first + 1) throw new MissingMessages(this.channel)
    this.recent = [...read, ...this.recent]
    for (const message of read) this.recentBytes += message.bytes
  }

  private sizeOf(offset: number): Size {
    const recent = this.recent[offset - this.recentFirst]
    if (recent) return recent
    const known = this.sizes.list[offset - this.sizes.from]
    if (known) return known
    const list = this.tables.sizes(this.id, offset, sizesMax)
    if (list.length === 0) throw new MissingMessages(this.channel)
    this.sizes = { from: offset, list }
    return list[0] as Size
  }

  private drop(bytes: number): void {
    this.bytes -= bytes
    if (this.first <= this.flushed) this.flushedBytes -= bytes
    this.first++
  }

  /** Lets go of dropped messages, in strides: cutting an array one by one would cost its length each time. */
  private releaseRecent(): void {
    const dropped = Math.min(this.first - this.recentFirst, this.recent.length)
    if (dropped <= 0 || (dropped < 32 && dropped < this.recent.length)) return
    for (const message of this.recent.splice(0, dropped)) this.recentBytes -= message.bytes
  }
}

/** The table lacks what the channel's row promises. */
class MissingMessages extends Error {
  readonly code = "SQLITE_CORRUPT"

  constructor(channel: Channel) {
    super(`messages of ${channel} are missing`)
  }
}
