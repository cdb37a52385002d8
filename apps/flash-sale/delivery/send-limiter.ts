// How many results may go to channels that nobody listens to. They take what time is left: few while a crowd clicks, and
// after it as many as Laba takes without answering late, since others wait for it too. Knows times and counts only.

/** Clicks and results are counted by the quarter of a second. */
const windowMs = 250

/** More clicks than that in a window, 2,000 a second, are a crowd. So many results go even then: they come, however long it stays. */
const crowdMin = 500

/** On their way at the least. */
const fewest = 32

/** Slower than Laba can, by that much, is too slow. It answers after a group commit of some milliseconds. */
const factorMax = 2
const extraMs = 15

/** The fastest answer counts for so long: Laba may have moved farther away. */
const fastestMs = 30_000

interface SendLimiterOptions {
  /** May be on their way at the most. */
  readonly most: number
  /** Whether a crowd comes first. Not where nobody knows who listens: it may be those who are told. */
  readonly yields: boolean
}

export class SendLimiter {
  private readonly most: number
  private readonly yields: boolean
  private allowed: number
  private flying = 0
  private fastest = Number.POSITIVE_INFINITY
  private fastestBefore = Number.POSITIVE_INFINITY
  private fastestSince = 0
  private cutAt = 0
  private windowSince = 0
  private clicks = 0
  private clicksBefore = 0
  private sent = 0

  constructor({ most, yields }: SendLimiterOptions) {
    this.most = most
    this.yields = yields
    this.allowed = Math.min(most, fewest)
  }

  /** Somebody clicks. All times are in milliseconds of one clock. */
  clicked(now: number): void {
    this.turn(now)
    this.clicks++
  }

  /** Whether one more may go. */
  allows(now: number): boolean {
    this.turn(now)
    const isCrowd = this.yields && Math.max(this.clicks, this.clicksBefore) > crowdMin
    return this.flying < this.allowed && (!isCrowd || this.sent < crowdMin)
  }

  /** One goes; `arrived` is to follow. */
  left(): void {
    this.flying++
    this.sent++
  }

  /** One has arrived, or failed, `tookMs` after it went. */
  arrived(tookMs: number, now: number): void {
    this.flying--
    if (now - this.fastestSince >= fastestMs) {
      this.fastestBefore = this.fastest
      this.fastest = Number.POSITIVE_INFINITY
      this.fastestSince = now
    }
    this.fastest = Math.min(this.fastest, tookMs)
    const possible = Math.min(this.fastest, this.fastestBefore)
    if (tookMs <= possible * factorMax + extraMs) this.allowed = Math.min(this.most, this.allowed + 1)
    // Those that went with it are as late, and are no news.
    else if (now - tookMs >= this.cutAt) {
      this.allowed = Math.max(Math.min(this.most, fewest), Math.floor(this.allowed / 2))
      this.cutAt = now
    }
  }

  private turn(now: number): void {
    const age = now - this.windowSince
    if (age < windowMs) return
    this.clicksBefore = age < 2 * windowMs ? this.clicks : 0
    this.clicks = 0
    this.sent = 0
    this.windowSince = now
  }
}
