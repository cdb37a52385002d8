// Brings the disk back under its budget, a step at a time: first what belongs to who has more than their share, then what was used
// longest ago. Knows costs and the order of use; refuses to know who publishes.
import type { Channel } from "../../channels/channel.ts"
import type { BudgetOwner } from "../budget-owners.ts"
import type { ChannelRow, ChannelTables, RowUse } from "./database/channel-tables.ts"
import type { DatabaseFile } from "./database/database-file.ts"
import type { Epochs } from "./epochs.ts"
import type { StoredChannels } from "./stored-channels.ts"
import { diskCost, type StoredLog } from "./stored-log.ts"

/** Channels looked at for one step; the next commit goes on. */
const stepMax = 64

/** Pages of so many rows looked at in one step for channels that are not in memory: there may be few of them among the rows. */
const pagesMax = 8

interface DiskBudgetOptions {
  readonly database: DatabaseFile
  readonly tables: ChannelTables
  readonly epochs: Epochs
  readonly channels: StoredChannels
  readonly bytesMax: number
  /** A channel's history was dropped before its time. */
  readonly onTrim: (channel: Channel) => void
}

export class DiskBudget {
  private readonly options: DiskBudgetOptions
  /** Where the look for channels that are not in memory goes on: in the order of use, as far as it was written down. */
  private coldFrom: RowUse = leastUsed

  constructor(options: DiskBudgetOptions) {
    this.options = options
  }

  get isOver(): boolean {
    return this.excess > 0
  }

  /** Brings the disk back by a step. Answers that messages must be flushed first, if they are in the way. */
  enforce(): "done" | "flush first" {
    if (!this.isOver) return "done"
    const { channels } = this.options
    const owner = channels.owners.beyondShare()
    const before = channels.diskBytes
    if (owner && this.enforceShare(owner) === "flush first") return "flush first"
    if (channels.diskBytes < before) return "done"
    const cold = this.coldRows()
    if (cold.length === 0) return this.pushOutSome(channels.filled, () => !this.isOver)
    this.removeRows(cold)
    return "done"
  }

  private get excess(): number {
    return this.options.channels.diskBytes - this.options.bytesMax
  }

  /** Takes from somebody who has more than their share, and from nobody else. */
  private enforceShare(owner: BudgetOwner<StoredLog>): "done" | "flush first" {
    const { channels, tables } = this.options
    const isEnough = () => !this.isOver || owner.bytes <= owner.bytesMax
    const before = owner.bytes
    if (this.pushOutSome(owner.logs, isEnough) === "flush first") return "flush first"
    if (isEnough() || owner.bytes < before) return "done"
    const cold: ChannelRow[] = []
    let excess = owner.bytes - owner.bytesMax
    for (const row of tables.ownedBy(owner.name, stepMax)) {
      if (excess <= 0) break
      if (channels.hot(row.name)) continue
      cold.push(row)
      excess -= costOf(row)
    }
    if (cold.length > 0) this.removeRows(cold)
    return "done"
  }

  /**
   * The next of the channels that are not in memory, in the order of their use. A step goes on where the last one ended: rows of
   * channels in memory may be the least used by what was written down, and as many as there are listeners.
   */
  private coldRows(): ChannelRow[] {
    const { channels, tables } = this.options
    const cold: ChannelRow[] = []
    let { excess } = this
    for (let page = 0; page < pagesMax && cold.length === 0; page++) {
      const rows = tables.leastUsed(this.coldFrom, stepMax)
      for (const row of rows) {
        if (excess <= 0) break
        this.coldFrom = row
        const log = channels.hot(row.name)
        if (log) {
          // In use after all: its row says so from the next flush on.
          if (log.isUseStale) channels.dirty.add(log)
          continue
        }
        cold.push(row)
        excess -= costOf(row)
      }
      if (rows.length < stepMax && excess > 0) {
        this.coldFrom = leastUsed
        break
      }
    }
    return cold
  }

  private removeRows(rows: readonly ChannelRow[]): void {
    const { channels, onTrim } = this.options
    this.endNumbering(rows)
    for (const row of rows) {
      channels.chargeDisk(row.owner && channels.owners.ownerOf(row.owner), -costOf(row))
      channels.rows--
      if (row.head >= row.first) onTrim(row.name)
    }
  }

  /** Pushes out channels that are in memory, until it is enough or a step is over. */
  private pushOutSome(logs: Iterable<StoredLog>, isEnough: () => boolean): "done" | "flush first" {
    let looked = 0
    for (const log of logs) {
      if (isEnough() || looked++ === stepMax) break
      if (log.waiting > 0) continue
      if (log.unflushed > 0) return "flush first"
      this.pushOut(log)
    }
    return "done"
  }

  private pushOut(log: StoredLog): void {
    const { channels, onTrim } = this.options
    const hadHistory = log.kept > 0
    if (!log.listened) {
      this.endNumbering([{ id: log.id, name: log.channel }])
      channels.drop(log)
    } else if (hadHistory) {
      // Who listens keeps the numbers; only the history goes.
      channels.charged(log, () => log.clear())
      channels.dirty.add(log)
    }
    if (hadHistory) onTrim(log.channel)
  }

  /** Removes rows; each name begins in an epoch of its own, should it come again. */
  private endNumbering(rows: readonly Pick<ChannelRow, "id" | "name">[]): void {
    const { database, tables, epochs } = this.options
    const ended = rows.map(({ id, name }) => ({ id, name, epoch: epochs.fresh() }))
    database.transaction(() => {
      for (const { id, name, epoch } of ended) {
        tables.remove(id)
        epochs.raise(name, epoch)
      }
    })
    for (const { name, epoch } of ended) epochs.raised(name, epoch)
  }
}

/** Before the row that was used least recently. */
const leastUsed: RowUse = { used: -1, id: 0 }

const costOf = ({ head, first, bytes }: ChannelRow): number => diskCost(Math.max(0, head - first + 1), bytes)
