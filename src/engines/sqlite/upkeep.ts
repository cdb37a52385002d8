// What the engine does for itself between commits: flushes, clears, copies the write-ahead log, keeps its budgets.
import type { ChannelTables } from "./database/channel-tables.ts"
import type { DiskBudget } from "./disk-budget.ts"
import type { StoredChannels } from "./stored-channels.ts"
import type { JournalFlusher } from "./journal-flusher.ts"
import type { DatabaseFile } from "./database/database-file.ts"

/** How often what has expired is cleared from the disk. Reading never shows it. */
const sweepIntervalMs = 1000

/** Steps of clearing in one go when nobody waits, some 2 ms each: whoever comes meanwhile waits for the rest of them. */
const roundsMax = 16

interface UpkeepOptions {
  readonly database: DatabaseFile
  readonly tables: ChannelTables
  readonly channels: StoredChannels
  readonly diskBudget: DiskBudget
  readonly flusher: JournalFlusher
  readonly now: () => number
  /** Told what went wrong where nobody waits for an answer. */
  readonly onError: (error: unknown) => void
}

export class Upkeep {
  private readonly options: UpkeepOptions
  private sweptAt: number

  constructor(options: UpkeepOptions) {
    this.options = options
    this.sweptAt = options.now()
  }

  /** Whether `run` would have something to do when nobody waits. */
  get isDue(): boolean {
    const { tables, flusher, diskBudget } = this.options
    return this.isSweepDue || !flusher.isIdle || diskBudget.isOver || tables.hasGarbage
  }

  /** Bounded, unless nobody waits (`idle`) or nothing more fits into memory. Throws what SQLite throws. */
  async run(idle: boolean): Promise<void> {
    const { tables, channels, diskBudget, flusher, database } = this.options
    while (idle ? !flusher.isIdle : flusher.isFull) {
      flusher.step()
      await turn()
    }
    // Who publishes brings the disk back as it goes; what is left when nobody does would be left for good.
    for (let round = 0; idle && diskBudget.isOver && round < roundsMax; round++) {
      this.enforce()
      await turn()
    }
    if (flusher.isDue) flusher.step()
    if (this.isSweepDue) {
      this.sweptAt = this.options.now()
      flusher.sweep()
    }
    // As fast as channels are pushed out and deleted: a table that lags behind holds what the budget has counted out.
    for (let round = 0; tables.hasGarbage && round < (idle ? roundsMax : 1); round++) {
      flusher.collect()
      await turn()
    }
    // What was flushed since is no longer needed in memory.
    channels.enforceMemory()
    if (database.wantsCheckpoint) await database.checkpoint()
  }

  /** Brings memory and disk back under their budgets by a step. A disk that fails says so again at the next commit. */
  enforce(): void {
    const { channels, diskBudget, flusher, onError } = this.options
    channels.enforceMemory()
    if (!diskBudget.isOver) return
    try {
      if (diskBudget.enforce() === "done") return
      flusher.step()
      diskBudget.enforce()
    } catch (error) {
      onError(error)
    }
  }

  private get isSweepDue(): boolean {
    const passedMs = this.options.now() - this.sweptAt
    // Below zero the clock was set back, and the next sweep would wait for as long as that.
    return passedMs < 0 || passedMs >= sweepIntervalMs
  }
}

/** Lets the loop do what else there is. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
