// How many a second, over the last ten seconds.
const seconds = 10

export class MessageRate {
  private readonly counts = new Float64Array(seconds)
  private second = 0

  add(count: number, nowMs: number): void {
    this.advance(nowMs)
    const at = this.second % seconds
    this.counts[at] = (this.counts[at] ?? 0) + count
  }

  perSecond(nowMs: number): number {
    this.advance(nowMs)
    return this.counts.reduce((sum, count) => sum + count, 0) / seconds
  }

  private advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (second - this.second >= seconds) this.counts.fill(0)
    else for (let at = this.second + 1; at <= second; at++) this.counts[at % seconds] = 0
    this.second = second
  }
}
