// What the engine does for itself between commits: files, clears, copies the write-ahead log, keeps its budgets.
import type { Archive } from "./archive.ts"
import type { Channels } from "./channels.ts"
import type { Filing } from "./filing.ts"
import type { Store } from "./store.ts"

/** How often what has expired is cleared from the disk. Reading never shows it. */
const sweepIntervalMs = 1000

/** Steps of clearing in one go when nobody waits, some 2 ms each: whoever comes meanwhile waits for the rest of them. */
const roundsMax = 16

interface UpkeepOptions {
  readonly store: Store
  readonly archive: Archive
  readonly channels: Channels
  readonly filing: Filing
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

  /** Whether `tend` would have something to do when nobody waits. */
  get isDue(): boolean {
    const { archive, filing, channels } = this.options
    return this.isSweepDue || !filing.isIdle || channels.overDisk || archive.hasGarbage
  }

  /** Bounded, unless nobody waits (`idle`) or nothing more fits into memory. Throws what SQLite throws. */
  async tend(idle: boolean): Promise<void> {
    const { archive, channels, filing, store } = this.options
    while (idle ? !filing.isIdle : filing.isFull) {
      filing.step()
      await turn()
    }
    // Who publishes brings the disk back as it goes; what is left when nobody does would be left for good.
    for (let round = 0; idle && channels.overDisk && round < roundsMax; round++) {
      this.enforce()
      await turn()
    }
    if (filing.isDue) filing.step()
    if (this.isSweepDue) {
      this.sweptAt = this.options.now()
      filing.sweep()
    }
    // As fast as channels are pushed out and deleted: a table that lags behind holds what the budget has counted out.
    for (let round = 0; archive.hasGarbage && round < (idle ? roundsMax : 1); round++) {
      filing.collect()
      await turn()
    }
    // What was filed since is no longer needed in memory.
    channels.enforceMemory()
    if (store.wantsCheckpoint) await store.checkpoint()
  }

  /** Brings memory and disk back under their budgets by a step. A disk that fails says so again at the next commit. */
  enforce(): void {
    const { channels, filing, onError } = this.options
    channels.enforceMemory()
    if (!channels.overDisk) return
    try {
      if (channels.enforceDisk() === "done") return
      filing.step()
      channels.enforceDisk()
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
