// The time of a sale, by which its tickets and orders are stamped and end. It never goes back: not when the system's clock is set
// back, and not over a restart. Then it is ahead, and goes on more slowly until it is caught up with, so that nothing lasts much longer.

interface SaleClockOptions {
  /** Milliseconds since 1970, as the system has them: they may jump, ahead and back. */
  readonly clock: () => number
  /** Milliseconds that nobody sets. */
  readonly ticks: () => number
  /** The newest time in the books. */
  readonly newest: number
}

/** How fast it goes while it is ahead: an offer, or a time to pay, lasts a ninth longer at the most. */
const aheadPace = 0.9

export class SaleClock {
  private readonly options: SaleClockOptions
  private latest: number
  private readAt: number

  constructor(options: SaleClockOptions) {
    this.options = options
    this.latest = options.newest
    this.readAt = options.ticks()
  }

  now(): number {
    const ticks = this.options.ticks()
    this.latest = Math.max(this.latest + (ticks - this.readAt) * aheadPace, this.options.clock())
    this.readAt = ticks
    return Math.floor(this.latest)
  }

  /** How far it is ahead of the system's clock, in milliseconds. */
  get aheadMs(): number {
    return Math.max(0, this.now() - this.options.clock())
  }
}
