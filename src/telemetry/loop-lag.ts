// How late the event loop is: a timer that should fire at fixed distances notes how much later it does. Bun's own
// measure of the loop's use is always zero. Knows time, nothing of what keeps the loop busy.

const tickMs = 50

/** The largest lag is remembered in slices of a second, for as long as two usual scrapes are apart. */
const sliceMs = 1000
const slicesMax = 30

interface LoopLagOptions {
  /** Milliseconds, monotonic. */
  readonly now?: () => number
  /** Only `tick` moves it: for tests. */
  readonly manual?: boolean
}

export class LoopLag {
  /** The latest lag, in milliseconds. */
  lastMs = 0
  /** All lags since the start. What it grows by in a second is the share of time in which nothing else could run. */
  totalMs = 0
  private readonly slices: number[] = [0]
  private sliceEndsAt: number
  private expectedAt: number
  private readonly now: () => number
  private readonly timer: ReturnType<typeof setInterval> | null

  constructor(options: LoopLagOptions = {}) {
    this.now = options.now ?? (() => performance.now())
    this.expectedAt = this.now() + tickMs
    this.sliceEndsAt = this.now() + sliceMs
    this.timer = options.manual ? null : setInterval(() => this.tick(), tickMs)
    this.timer?.unref()
  }

  /** The largest lag of the last 30 seconds, in milliseconds. */
  get maxMs(): number {
    return Math.max(...this.slices)
  }

  tick(): void {
    const now = this.now()
    // A timer may be a little early; that is no lag.
    this.lastMs = Math.max(0, now - this.expectedAt)
    this.totalMs += this.lastMs
    this.expectedAt = now + tickMs
    while (now >= this.sliceEndsAt) {
      this.slices.push(0)
      if (this.slices.length > slicesMax) this.slices.shift()
      this.sliceEndsAt += sliceMs
    }
    const newest = this.slices.length - 1
    this.slices[newest] = Math.max(this.slices[newest] as number, this.lastMs)
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
  }
}
