// The channels that are kept on disk: the recently used ones in memory, the others fetched when they are asked for, and
// both within their budgets. Knows what a channel costs; refuses to know who publishes and when a commit is.
import type { Channel, Keep } from "../../channels/channel.ts"
import type { Message, Publisher } from "../engine.ts"
import { type Owner, Owners } from "../owners.ts"
import { ownerNameOf } from "../shares.ts"
import type { Archive, ChannelRow, RowUse, Totals } from "./archive.ts"
import type { Epochs } from "./epochs.ts"
import type { Store } from "./store.ts"
import { diskCost, StoredLog } from "./stored-log.ts"

/** A use is noted at most so often: the order of use need not be finer. */
const touchMs = 1000

/** Channels looked at for one step of bringing a budget back; the next commit goes on. */
const stepMax = 64

/** Pages of so many rows looked at in one step for channels that are not in memory: there may be few of them among the rows. */
const pagesMax = 8

interface ChannelsOptions {
  readonly store: Store
  readonly archive: Archive
  readonly epochs: Epochs
  readonly memoryBytesMax: () => number
  readonly diskBytesMax: number
  /** Of that, what one publisher's channels may cost while there is no room. */
  readonly shareBytesMax: () => number
  /** A channel's history was dropped before its time, for the disk's budget. */
  readonly onTrim: (channel: Channel) => void
}

export class Channels {
  private readonly logs = new Map<Channel, StoredLog>()
  // Only what frees something when it goes is in these two: a channel that is listened to and keeps nothing is in neither,
  // however many there are, so that every step of bringing a budget back brings it back.
  /** Logs that cost memory, in the order of their last use. */
  private readonly warm = new Set<StoredLog>()
  /** Logs that cost disk, in the order of their last use. */
  private readonly filled = new Set<StoredLog>()
  /** Where the look for channels that are not in memory goes on: in the order of use, as far as it was written down. */
  private coldFrom: RowUse = leastUsed
  /** Logs whose row no longer says what is kept. */
  readonly dirty = new Set<StoredLog>()
  private readonly owners = new Owners<StoredLog>()
  memoryBytes = 0
  /** What all channels cost on disk, by their own reckoning. */
  diskBytes: number
  rows: number
  private lastId: number
  private readonly options: ChannelsOptions

  constructor(options: ChannelsOptions) {
    this.options = options
    const { channels, messages, bytes } = options.archive.totals()
    this.rows = channels
    this.diskBytes = costOfAll({ channels, messages, bytes })
    for (const { owner: name, ...totals } of options.archive.ownedTotals()) {
      const owner = this.owners.ownerOf(name)
      // A rule's budget is known when it is published to.
      if (!name.startsWith("rule:")) owner.bytesMax = options.shareBytesMax()
      this.owners.charge(owner, costOfAll(totals))
    }
    this.lastId = options.archive.lastId()
  }

  /** The channel when it is in memory. */
  hot(channel: Channel): StoredLog | undefined {
    return this.logs.get(channel)
  }

  /** The channel when there is one, fetched from the disk if need be. */
  find(channel: Channel): StoredLog | null {
    const known = this.logs.get(channel)
    if (known) return known
    const row = this.options.archive.find(channel)
    return row && this.take(this.load(row))
  }

  /** The channel; it begins now when there is none. */
  open(channel: Channel, epoch = this.options.epochs.floorOf(channel)): StoredLog {
    return this.find(channel) ?? this.take(new StoredLog(channel, this.options.archive, this.begin(epoch)))
  }

  /** A log as its row says, that nobody else knows yet. */
  load(row: ChannelRow): StoredLog {
    const { archive, epochs } = this.options
    const { id, epoch } = row
    const log = new StoredLog(row.name, archive, { id, epoch, epochText: epochs.print(epoch) })
    log.onDisk = true
    log.head = row.head
    log.first = row.first
    log.bytes = row.bytes
    log.filed = row.head
    log.filedBytes = row.bytes
    log.keepMs = row.keep_ms
    log.due = row.due
    log.usedWritten = row.used
    log.owner = row.owner && this.owners.ownerOf(row.owner)
    return log
  }

  /** Where a numbering begins. */
  begin(epoch: number): { id: number; epoch: number; epochText: string } {
    return { id: ++this.lastId, epoch, epochText: this.options.epochs.print(epoch) }
  }

  /** Leaves memory when nothing was ever numbered: a stream of one-time names must not cost any. */
  leave(log: StoredLog): void {
    if (log.head > 0 || log.onDisk || log.waiting > 0 || log.unfiled > 0 || log.listened) return
    this.letGo(log)
  }

  /** Notes whether somebody listens: then it stays, and costs only what can go. */
  setListened(log: StoredLog, listened: boolean): void {
    if (log.listened !== listened) this.charged(log, () => void (log.listened = listened))
  }

  /** Begins anew in `epoch`. Answers the id of the row that is to be removed, or null. */
  restart(log: StoredLog, epoch: number): number | null {
    const oldId = log.onDisk ? log.id : null
    this.dirty.delete(log)
    this.charged(log, () => log.restart(this.begin(epoch)))
    return oldId
  }

  touch(log: StoredLog, now: number): void {
    if (now - log.touchedAt < touchMs) return
    log.touchedAt = now
    if (this.warm.delete(log)) this.warm.add(log)
    if (this.filled.delete(log)) this.filled.add(log)
  }

  /** Somebody publishes: a channel belongs to who began the history that it has now. */
  own(log: StoredLog, publisher: Publisher | undefined, keep: NonNullable<Keep>): void {
    const ownerName = ownerNameOf(publisher, keep)
    if (log.kept <= 0 || log.owner?.name === ownerName)
      this.owners.own(log, ownerName, keep.budget?.bytes ?? this.options.shareBytesMax())
  }

  append(log: StoredLog, message: Message): void {
    this.charged(log, () => log.append(message))
  }

  trim(log: StoredLog, keep: NonNullable<Keep>, now: number): void {
    if (log.kept <= 0) return
    if (this.charged(log, () => log.trim(keep, now)) && log.onDisk) this.dirty.add(log)
  }

  /** Does what changes a log, and counts what that changes in the budgets. */
  charged<T>(log: StoredLog, act: () => T): T {
    const memory = log.memoryCost
    const disk = log.cost
    try {
      return act()
    } finally {
      this.memoryBytes += log.memoryCost - memory
      this.chargeDisk(log.owner, log.cost - disk)
      this.list(log)
    }
  }

  /** What somebody's channels cost on disk has changed. */
  chargeDisk(owner: Owner<StoredLog> | null, bytes: number): void {
    this.diskBytes += bytes
    if (owner) this.owners.charge(owner, bytes)
  }

  /** Brings memory back under its budget, the least recently used channel first. */
  enforceMemory(): void {
    const max = this.options.memoryBytesMax()
    let looked = 0
    for (const log of this.warm) {
      if (this.memoryBytes <= max || looked++ === stepMax) return
      const needed = log.waiting > 0 || log.unfiled > 0 || log.listened || this.dirty.has(log)
      if (needed) {
        this.charged(log, () => log.cool())
        if (this.warm.delete(log)) this.warm.add(log)
      } else this.letGo(log)
    }
  }

  get overDisk(): boolean {
    return this.diskBytes > this.options.diskBytesMax
  }

  /** Brings the disk back under its budget by a step. Answers the messages that must be filed first, if that is in the way. */
  enforceDisk(): "done" | "file first" {
    if (!this.overDisk) return "done"
    const owner = this.owners.beyondShare()
    const before = this.diskBytes
    if (owner && this.enforceShare(owner) === "file first") return "file first"
    if (this.diskBytes < before) return "done"
    const cold = this.coldRows()
    if (cold.length > 0) {
      this.removeRows(cold)
      return "done"
    }
    return this.pushOutSome(this.filled, () => !this.overDisk)
  }

  /** Takes from somebody who has more than their share, and from nobody else. */
  private enforceShare(owner: Owner<StoredLog>): "done" | "file first" {
    const isEnough = () => !this.overDisk || owner.bytes <= owner.bytesMax
    const before = owner.bytes
    if (this.pushOutSome(owner.logs, isEnough) === "file first") return "file first"
    if (isEnough() || owner.bytes < before) return "done"
    const cold: ChannelRow[] = []
    let excess = owner.bytes - owner.bytesMax
    for (const row of this.options.archive.ownedBy(owner.name, stepMax)) {
      if (excess <= 0) break
      if (this.logs.has(row.name)) continue
      cold.push(row)
      excess -= costOf(row)
    }
    if (cold.length > 0) this.removeRows(cold)
    return "done"
  }

  /** A page of the channels with a row or in memory, by id. */
  *after(id: number, limit: number): Generator<StoredLog> {
    const rows = this.options.archive.list(id, limit).map((row) => this.logs.get(row.name) ?? this.load(row))
    const rowless = [...this.logs.values()].filter((log) => !log.onDisk && log.id > id)
    yield* [...rows, ...rowless].sort((a, b) => a.id - b.id).slice(0, limit)
  }

  get size(): number {
    let rowless = 0
    for (const log of this.logs.values()) if (!log.onDisk) rowless++
    return this.rows + rowless
  }

  private take(log: StoredLog): StoredLog {
    this.logs.set(log.channel, log)
    this.memoryBytes += log.memoryCost
    this.owners.enter(log)
    this.list(log)
    return log
  }

  /** Out of memory. */
  private letGo(log: StoredLog): void {
    this.owners.leave(log)
    this.logs.delete(log.channel)
    this.warm.delete(log)
    this.filled.delete(log)
    this.memoryBytes -= log.memoryCost
  }

  /** Brings the lists up to what a log costs now. One that is in a list keeps its place. */
  private list(log: StoredLog): void {
    if (log.memoryCost === 0) this.warm.delete(log)
    else this.warm.add(log)
    if (log.cost > 0) this.filled.add(log)
    else {
      this.filled.delete(log)
      // Its row would charge them again for what they were relieved of.
      if (log.owner && log.onDisk) this.dirty.add(log)
      this.owners.disown(log)
    }
  }

  /**
   * The next of the channels that are not in memory, in the order of their use. A step goes on where the last one ended: rows of
   * channels in memory may be the least used by what was written down, and as many as there are listeners.
   */
  private coldRows(): ChannelRow[] {
    const { archive } = this.options
    const cold: ChannelRow[] = []
    let freed = this.diskBytes - this.options.diskBytesMax
    for (let page = 0; page < pagesMax && cold.length === 0; page++) {
      const rows = archive.leastUsed(this.coldFrom, stepMax)
      for (const row of rows) {
        if (freed <= 0) break
        this.coldFrom = row
        const log = this.logs.get(row.name)
        if (log) {
          // In use after all: its row says so from the next filing on.
          if (log.isUseStale) this.dirty.add(log)
          continue
        }
        cold.push(row)
        freed -= costOf(row)
      }
      if (rows.length < stepMax && freed > 0) {
        this.coldFrom = leastUsed
        break
      }
    }
    return cold
  }

  private removeRows(rows: readonly ChannelRow[]): void {
    const { store, archive, epochs, onTrim } = this.options
    const fresh = rows.map((row) => ({ row, epoch: epochs.fresh() }))
    store.transaction(() => {
      for (const { row, epoch } of fresh) {
        archive.remove(row.id)
        epochs.raise(row.name, epoch)
      }
    })
    for (const { row, epoch } of fresh) {
      epochs.raised(row.name, epoch)
      this.chargeDisk(row.owner && this.owners.ownerOf(row.owner), -costOf(row))
      this.rows--
      if (row.head >= row.first) onTrim(row.name)
    }
  }

  /** Pushes out channels that are in memory, until it is enough or a step is over. */
  private pushOutSome(logs: Iterable<StoredLog>, isEnough: () => boolean): "done" | "file first" {
    let looked = 0
    for (const log of logs) {
      if (isEnough() || looked++ === stepMax) break
      if (log.waiting > 0) continue
      if (log.unfiled > 0) return "file first"
      this.pushOut(log)
    }
    return "done"
  }

  private pushOut(log: StoredLog): void {
    const { store, archive, epochs, onTrim } = this.options
    const hadHistory = log.kept > 0
    if (log.listened) {
      // Who listens keeps the numbers; only the history goes.
      if (!hadHistory) return
      this.charged(log, () => log.clear())
      this.dirty.add(log)
    } else {
      const epoch = epochs.fresh()
      store.transaction(() => {
        archive.remove(log.id)
        epochs.raise(log.channel, epoch)
      })
      epochs.raised(log.channel, epoch)
      this.rows--
      this.diskBytes -= log.cost
      this.owners.disown(log)
      this.letGo(log)
      this.dirty.delete(log)
    }
    if (hadHistory) onTrim(log.channel)
  }
}

/** Before the row that was used least recently. */
const leastUsed: RowUse = { used: -1, id: 0 }

const costOfAll = ({ channels, messages, bytes }: Totals): number =>
  channels * diskCost(0, 0) + diskCost(messages, bytes) - diskCost(0, 0)

const costOf = ({ head, first, bytes }: ChannelRow): number => diskCost(Math.max(0, head - first + 1), bytes)
