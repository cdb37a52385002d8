// The channels that are kept on disk: the recently used ones in memory, within its budget, the others fetched when they are
// asked for. Knows what a channel costs; refuses to know who publishes and when a commit is.
import { AgedMap } from "../../bounds/aged-map.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { Message, Publisher } from "../engine.ts"
import { type BudgetOwner, BudgetOwners } from "../budget-owners.ts"
import { ownerNameOf } from "../publisher-shares.ts"
import type { ChannelRow, ChannelTables, Totals } from "./database/channel-tables.ts"
import type { Epochs } from "./epochs.ts"
import { diskCost, StoredLog } from "./stored-log.ts"

/** A use is noted at most so often: the order of use need not be finer. */
const touchMs = 1000

/** Channels looked at for one step of bringing memory back under its budget; the next commit goes on. */
const stepMax = 64

interface StoredChannelsOptions {
  readonly tables: ChannelTables
  readonly epochs: Epochs
  readonly memoryBytesMax: () => number
  /** What one publisher's channels may cost of the disk while there is no room. */
  readonly shareBytesMax: () => number
}

export class StoredChannels {
  private readonly logs = new Map<Channel, StoredLog>()
  // Only what frees something when it goes is in these two: a channel that is listened to and keeps nothing is in neither,
  // however many there are, so that every step of bringing a budget back brings it back.
  /** Logs that cost memory, in the order of their last use. */
  private readonly warm = new AgedMap<StoredLog, true>()
  /** Logs that cost disk, in the order of their last use. */
  readonly filled = new Set<StoredLog>()
  /** Logs whose row no longer says what is kept. */
  readonly dirty = new Set<StoredLog>()
  readonly owners = new BudgetOwners<StoredLog>()
  memoryBytes = 0
  /** What all channels cost on disk, by their own reckoning. */
  diskBytes: number
  rows: number
  private lastId: number
  private readonly options: StoredChannelsOptions

  constructor(options: StoredChannelsOptions) {
    this.options = options
    const { channels, messages, bytes } = options.tables.totals()
    this.rows = channels
    this.diskBytes = costOfAll({ channels, messages, bytes })
    for (const { owner: name, ...totals } of options.tables.ownedTotals()) {
      const owner = this.owners.ownerOf(name)
      // A rule's budget is known when it is published to.
      if (!name.startsWith("rule:")) owner.bytesMax = options.shareBytesMax()
      this.owners.charge(owner, costOfAll(totals))
    }
    this.lastId = options.tables.lastId()
  }

  /** The channel when it is in memory. */
  hot(channel: Channel): StoredLog | undefined {
    return this.logs.get(channel)
  }

  /** The channel when there is one, fetched from the disk if need be. */
  find(channel: Channel): StoredLog | null {
    const known = this.logs.get(channel)
    if (known) return known
    const row = this.options.tables.find(channel)
    return row && this.take(this.load(row))
  }

  /** The channel; it begins now when there is none. */
  open(channel: Channel, epoch = this.options.epochs.floorOf(channel)): StoredLog {
    return this.find(channel) ?? this.take(new StoredLog(channel, this.options.tables, this.begin(epoch)))
  }

  /** A log as its row says, that nobody else knows yet. */
  load(row: ChannelRow): StoredLog {
    const { tables, epochs } = this.options
    const { id, epoch } = row
    const log = new StoredLog(row.name, tables, { id, epoch, epochText: epochs.print(epoch) })
    log.onDisk = true
    log.head = row.head
    log.first = row.first
    log.bytes = row.bytes
    log.flushed = row.head
    log.flushedBytes = row.bytes
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
    if (log.head > 0 || log.onDisk || log.waiting > 0 || log.unflushed > 0 || log.listened) return
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
    if (this.warm.get(log)) this.warm.set(log, true)
    if (this.filled.delete(log)) this.filled.add(log)
  }

  /** Somebody publishes: a channel belongs to who began the history that it has now. */
  assign(log: StoredLog, publisher: Publisher | undefined, keep: NonNullable<Keep>): void {
    const ownerName = ownerNameOf(publisher, keep)
    if (log.kept <= 0 || log.owner?.name === ownerName)
      this.owners.assign(log, ownerName, keep.budget?.bytes ?? this.options.shareBytesMax())
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
  chargeDisk(owner: BudgetOwner<StoredLog> | null, bytes: number): void {
    this.diskBytes += bytes
    if (owner) this.owners.charge(owner, bytes)
  }

  /** Brings memory back under its budget, the least recently used channel first. */
  enforceMemory(): void {
    const max = this.options.memoryBytesMax()
    for (let looked = 0; this.memoryBytes > max && looked < stepMax; looked++) {
      const log = this.warm.oldest?.key
      if (!log) return
      const needed = log.waiting > 0 || log.unflushed > 0 || log.listened || this.dirty.has(log)
      if (needed) {
        this.charged(log, () => log.cool())
        if (this.warm.get(log)) this.warm.set(log, true)
      } else this.letGo(log)
    }
  }

  /** A page of the channels with a row or in memory, by id. */
  *after(id: number, limit: number): Generator<StoredLog> {
    const rows = this.options.tables.list(id, limit).map((row) => this.logs.get(row.name) ?? this.load(row))
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

  /** Its row is gone, and nobody listens: nothing of it is left. */
  drop(log: StoredLog): void {
    this.rows--
    this.diskBytes -= log.cost
    this.owners.release(log)
    this.letGo(log)
    this.dirty.delete(log)
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
    else if (!this.warm.get(log)) this.warm.set(log, true)
    if (log.cost > 0) this.filled.add(log)
    else {
      this.filled.delete(log)
      // Its row would charge them again for what they were relieved of.
      if (log.owner && log.onDisk) this.dirty.add(log)
      this.owners.release(log)
    }
  }
}

const costOfAll = ({ channels, messages, bytes }: Totals): number =>
  channels * diskCost(0, 0) + diskCost(messages, bytes) - diskCost(0, 0)
