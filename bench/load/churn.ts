// Listeners that come and go while a crowd stays: a pool of them, each replaced as soon as it has left.
import type { Crowd } from "./crowd.ts"
import type { Tally } from "./tally.ts"

interface ChurnOptions {
  /** The listeners that come and go; they have joined already. */
  readonly indexes: readonly number[]
  /** Changes a second: each is one leaving and one joining. A server that is held too long gets fewer. */
  readonly perSecond: number
}

/** Changes that may wait for the server at the same time. */
const lanesMax = 10

export class Churn {
  changes = 0
  private running = true
  private readonly done: Promise<unknown>
  private readonly crowd: Crowd
  private readonly tally: Tally

  constructor(crowd: Crowd, tally: Tally, options: ChurnOptions) {
    this.crowd = crowd
    this.tally = tally
    const lanes = options.perSecond > 0 ? Math.min(lanesMax, options.indexes.length) : 0
    const lane = (_: unknown, first: number): Promise<void> => {
      const indexes = options.indexes.filter((_, at) => at % lanes === first)
      return this.run(indexes, (1000 * lanes) / options.perSecond)
    }
    this.done = Promise.all(Array.from({ length: lanes }, lane))
  }

  /** Resolves when the last one has joined. */
  async stop(): Promise<void> {
    this.running = false
    await this.done
  }

  private async run(indexes: readonly number[], everyMs: number): Promise<void> {
    const began = performance.now()
    for (let turn = 0; this.running; turn++) {
      const index = indexes[turn % indexes.length] as number
      this.crowd.leave(index)
      this.tally.restart(index)
      try {
        await this.crowd.join(index)
        this.changes++
      } catch (error) {
        this.tally.fault(String(error))
      }
      const early = began + (turn + 1) * everyMs - performance.now()
      if (early > 0) await Bun.sleep(early)
    }
  }
}
