// Counts latencies in buckets that grow by 4 %, so that a million of them cost no memory and a percentile is right
// within that.

const growth = 1.04
const smallestMs = 0.001
const buckets = 512

export class Latency {
  private readonly counts = new Float64Array(buckets)
  private total = 0
  private largestMs = 0

  add(ms: number): void {
    const bucket = ms <= smallestMs ? 0 : Math.ceil(Math.log(ms / smallestMs) / Math.log(growth))
    const at = Math.min(bucket, buckets - 1)
    this.counts[at] = (this.counts[at] as number) + 1
    this.total++
    if (ms > this.largestMs) this.largestMs = ms
  }

  get count(): number {
    return this.total
  }

  get maxMs(): number {
    return this.largestMs
  }

  /** The latency that `share` (0 to 1) of all stay under, in milliseconds; NaN when there are none. */
  percentileMs(share: number): number {
    if (this.total === 0) return Number.NaN
    let seen = 0
    for (let at = 0; at < buckets; at++) {
      seen += this.counts[at] as number
      if (seen >= share * this.total) return Math.min(smallestMs * growth ** at, this.largestMs)
    }
    return this.largestMs
  }

  clear(): void {
    this.counts.fill(0)
    this.total = 0
    this.largestMs = 0
  }
}
