// The last minutes of a sale, a sample a second: what stands in the queue, and how fast it comes and goes. The shop keeps them,
// and the page goes on where they end. Rates are differences of counts that only grow; after a restart of the shop they go on where they were.

import type { Sample } from "./wire/api.ts"

/** A column of values a chart draws, null where nothing is known. */
export type Column = (number | null)[]

/** Ten minutes. */
const samplesMax = 600

const gapSecondsMax = 3

export class Series {
  /** The oldest first. */
  samples: Sample[] = []

  add(sample: Sample): void {
    const last = this.samples.at(-1)
    if (last && sample.at <= last.at) return
    this.samples.push(sample)
    if (this.samples.length > samplesMax) this.samples.shift()
  }

  /** Takes what another has seen since the last sample here. */
  catchUp(samples: readonly Sample[]): void {
    for (const sample of samples) this.add(sample)
  }

  /** Whether samples are missing before a time in seconds: nothing is known yet, or for some seconds nobody looked. */
  lacks(at: number): boolean {
    const last = this.samples.at(-1)
    return !last || at - last.at > gapSecondsMax
  }

  clear(): void {
    this.samples = []
  }

  get times(): number[] {
    return this.samples.map(({ at }) => at)
  }

  levels(name: "queued" | "waitlisted" | "sold"): Column {
    return this.samples.map((sample) => sample[name])
  }

  /** How much a count grew each second. */
  rates(name: "tickets" | "served" | "sold"): Column {
    return this.samples.map((sample, index) => {
      const before = this.samples[index - 1]
      if (!before) return null
      return Math.max(0, (sample[name] - before[name]) / (sample.at - before.at))
    })
  }
}
