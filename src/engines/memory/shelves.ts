// Keeps the node's history within its budget: channels in the order of their last use, one shelf for each time that
// rules keep messages, so that expiry looks only at the front of a shelf and never at a channel that is not due.
import type { Limits } from "../../../wire/limits.ts"
import { channelOverheadBytes, type ChannelLog } from "./log.ts"

/**
 * How long a channel's numbers outlive its last use when nobody listens and no history is left. A cursor at the tail
 * resumes for as long; after it the reader is told to reload, though it may have missed nothing.
 */
const numbersKeptMs = 600_000

/** Channels cleared in one sweep. 5,000 take about a millisecond; the rest waits for the next. */
const sweepMax = 5000

/** Channels pushed out for one publish. A message of 64 KiB takes the place of about 200 idle channels. */
const enforceMax = 400

/** The shelf of channels without history: only their numbers are left. */
export const numbersOnly = Number.POSITIVE_INFINITY

class Shelf {
  readonly timeMs: number
  oldest: ChannelLog | null = null
  newest: ChannelLog | null = null

  constructor(timeMs: number) {
    this.timeMs = timeMs
  }
}

export interface ShelvesOptions {
  /** Bytes that all logs together may cost. */
  readonly limits: Pick<Limits, "historyBytesMax">
  /** A channel was pushed out by the budget: its history is gone before its time. */
  readonly onTrim: (log: ChannelLog) => void
  /** Nothing is left of a channel that nobody listens to. */
  readonly onEmpty: (log: ChannelLog) => void
}

export class Shelves {
  bytes = 0
  private readonly shelves: Shelf[] = []
  private readonly options: ShelvesOptions

  constructor(options: ShelvesOptions) {
    this.options = options
  }

  /** Notes a use: the channel goes to the fresh end of the shelf for `timeMs`. */
  touch(log: ChannelLog, timeMs: number, now: number): void {
    log.usedAt = now
    let shelf = this.shelves[log.shelf]
    if (shelf?.timeMs === timeMs) {
      if (shelf.newest === log) return
      this.unlink(log, shelf)
    } else {
      if (shelf) this.unlink(log, shelf)
      log.shelf = this.indexOf(timeMs)
      shelf = this.shelves[log.shelf] as Shelf
    }
    log.older = shelf.newest
    if (shelf.newest) shelf.newest.newer = log
    else shelf.oldest = log
    shelf.newest = log
  }

  remove(log: ChannelLog): void {
    const shelf = this.shelves[log.shelf]
    if (shelf) this.unlink(log, shelf)
    log.shelf = -1
  }

  /** Brings the cost back under the budget, the least recently used channel first. Bounded work: the next publish goes on. */
  enforce(now: number): void {
    for (let i = 0; i < enforceMax && this.bytes > this.options.limits.historyBytesMax; i++) {
      const log = this.leastRecentlyUsed()
      if (!log) return
      const before = log.cost
      const lost = log.kept > 0
      log.clear()
      this.bytes += log.cost - before
      if (lost) this.options.onTrim(log)
      if (log.listened) this.touch(log, (this.shelves[log.shelf] as Shelf).timeMs, now)
      else this.forget(log)
    }
  }

  /** Clears the history of channels whose newest message is past its time, and forgets those that were idle for longer still. */
  sweep(now: number): void {
    let left = sweepMax
    for (const shelf of this.shelves) {
      const keptMs = shelf.timeMs === numbersOnly ? numbersKeptMs : shelf.timeMs
      for (let log = shelf.oldest; log && log.usedAt + keptMs < now && left > 0; log = shelf.oldest) {
        left--
        if (shelf.timeMs === numbersOnly && !log.listened) this.forget(log)
        else {
          const before = log.cost
          log.clear()
          this.bytes += log.cost - before
          this.touch(log, numbersOnly, now)
        }
      }
    }
  }

  private forget(log: ChannelLog): void {
    this.remove(log)
    this.bytes -= channelOverheadBytes
    this.options.onEmpty(log)
  }

  private leastRecentlyUsed(): ChannelLog | null {
    let found: ChannelLog | null = null
    for (const shelf of this.shelves) {
      if (shelf.oldest && (!found || shelf.oldest.usedAt < found.usedAt)) found = shelf.oldest
    }
    return found
  }

  private indexOf(timeMs: number): number {
    const index = this.shelves.findIndex((shelf) => shelf.timeMs === timeMs)
    return index >= 0 ? index : this.shelves.push(new Shelf(timeMs)) - 1
  }

  private unlink(log: ChannelLog, shelf: Shelf): void {
    if (log.older) log.older.newer = log.newer
    else if (shelf.oldest === log) shelf.oldest = log.newer
    if (log.newer) log.newer.older = log.older
    else if (shelf.newest === log) shelf.newest = log.older
    log.older = null
    log.newer = null
  }
}
