// Keeps the node's history within its budget: channels in the order of their last use, one list for each time that rules keep
// messages, so that expiry looks only at the front of a list and never at a channel that is not due.
//
// Only what frees something when it goes is in a list: a channel that is listened to and keeps nothing is in none and costs the
// budget nothing, however many there are. So every step of bringing the budget back brings it back.
import type { Limits } from "../../../wire/limits.ts"
import type { Keep } from "../../channels/channel.ts"
import { type OwnerName, ownerBytesMax } from "../publisher-shares.ts"
import type { ChannelLog } from "./channel-log.ts"
import { BudgetOwners } from "../budget-owners.ts"

/**
 * How long a channel's numbers outlive its last use when nobody listens and no history is left. A cursor at the tail
 * resumes for as long; after it the reader is told to reload, though it may have missed nothing.
 */
const numbersKeptMs = 600_000

/** Channels cleared in one sweep. 5,000 take about a millisecond; the rest waits for the next. */
const sweepMax = 5000

/** Channels pushed out for one publish. A message of 64 KiB takes the place of about 200 idle channels. */
const enforceMax = 400

/** The list of channels without history: only their numbers are left. */
export const numbersOnly = Number.POSITIVE_INFINITY

/** Channels whose messages are kept equally long, the least recently used first. */
class UseList {
  readonly timeMs: number
  oldest: ChannelLog | null = null
  newest: ChannelLog | null = null

  constructor(timeMs: number) {
    this.timeMs = timeMs
  }
}

interface HistoryBudgetOptions {
  /** Bytes that all logs together may cost. */
  readonly limits: Pick<Limits, "historyBytesMax" | "historyPercentPerPublisherMax">
  /** A channel was pushed out by the budget: its history is gone before its time. */
  readonly onTrim: (log: ChannelLog) => void
  /** Nothing is left of a channel that nobody listens to. */
  readonly onEmpty: (log: ChannelLog) => void
}

export class HistoryBudget {
  bytes = 0
  private readonly lists: UseList[] = []
  private readonly owners = new BudgetOwners<ChannelLog>()
  private readonly options: HistoryBudgetOptions

  constructor(options: HistoryBudgetOptions) {
    this.options = options
  }

  /** What a log costs has changed. */
  charge(log: ChannelLog, bytes: number): void {
    this.bytes += bytes
    if (log.owner) this.owners.charge(log.owner, bytes)
  }

  /** From now on the log counts for this share of the budget. */
  assign(log: ChannelLog, ownerName: OwnerName | null, keep: Keep): void {
    const { limits } = this.options
    this.owners.assign(log, ownerName, ownerBytesMax(keep, limits.historyBytesMax, limits))
  }

  /** Notes a use: the channel goes to the fresh end of the list for `timeMs`, if it is worth anything to the budget. */
  touch(log: ChannelLog, timeMs: number, now: number): void {
    log.usedAt = now
    let list = this.lists[log.list]
    if (log.listened && log.kept === 0) {
      if (list) this.remove(log)
      this.owners.release(log)
      return
    }
    if (list?.timeMs === timeMs) {
      if (list.newest === log) return
      this.unlink(log, list)
    } else {
      if (list) this.unlink(log, list)
      log.list = this.indexOf(timeMs)
      list = this.lists[log.list] as UseList
    }
    log.older = list.newest
    if (list.newest) list.newest.newer = log
    else list.oldest = log
    list.newest = log
  }

  /** It is gone. */
  drop(log: ChannelLog): void {
    this.remove(log)
    this.owners.release(log)
    this.bytes -= log.cost
  }

  private remove(log: ChannelLog): void {
    const list = this.lists[log.list]
    if (list) this.unlink(log, list)
    log.list = -1
  }

  /**
   * Brings the cost back under the budget: first what belongs to publishers who have more than their share, then the least recently
   * used channel, whosever it is. Bounded work: the next publish goes on.
   */
  enforce(now: number): void {
    for (let i = 0; i < enforceMax && this.bytes > this.options.limits.historyBytesMax; i++) {
      const log = this.beyondShare() ?? this.leastRecentlyUsed()
      if (!log) return
      const lost = log.kept > 0
      this.clear(log, now)
      if (!log.listened) this.forget(log)
      if (lost) this.options.onTrim(log)
    }
  }

  /** Clears the history of channels whose newest message is past its time, and forgets those that were idle for longer still. */
  sweep(now: number): void {
    let left = sweepMax
    for (const list of this.lists) {
      const keptMs = list.timeMs === numbersOnly ? numbersKeptMs : list.timeMs
      for (let log = list.oldest; log && log.usedAt + keptMs < now && left > 0; log = list.oldest) {
        left--
        if (list.timeMs === numbersOnly) this.forget(log)
        else this.clear(log, now)
      }
    }
  }

  /** Drops the history; the numbers stay. */
  private clear(log: ChannelLog, now: number): void {
    const before = log.cost
    log.clear()
    this.charge(log, log.cost - before)
    this.touch(log, numbersOnly, now)
  }

  private forget(log: ChannelLog): void {
    this.drop(log)
    this.options.onEmpty(log)
  }

  /** A channel of somebody who has more than their share; null when nobody has. */
  private beyondShare(): ChannelLog | null {
    for (const log of this.owners.beyondShare()?.logs ?? []) return log
    return null
  }

  private leastRecentlyUsed(): ChannelLog | null {
    let found: ChannelLog | null = null
    for (const { oldest } of this.lists) {
      if (oldest && (!found || oldest.usedAt < found.usedAt)) found = oldest
    }
    return found
  }

  private indexOf(timeMs: number): number {
    const index = this.lists.findIndex((list) => list.timeMs === timeMs)
    return index >= 0 ? index : this.lists.push(new UseList(timeMs)) - 1
  }

  private unlink(log: ChannelLog, list: UseList): void {
    if (log.older) log.older.newer = log.newer
    else if (list.oldest === log) list.oldest = log.newer
    if (log.newer) log.newer.older = log.older
    else if (list.newest === log) list.newest = log.older
    log.older = null
    log.newer = null
  }
}
