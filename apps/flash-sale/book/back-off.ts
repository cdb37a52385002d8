// After writes that failed nothing is written for a while, and a longer one each time: each failure costs a memory that is
// read again, and a full disk must not hold the loop with that. Meanwhile the same failure is the answer, at once.

const waitMsMin = 50
const waitMsMax = 1000

/** After so long without a failure the next one is the first again. */
const forgottenMs = 5000

export class BackOff {
  private waitMs = 0
  private until = -Infinity
  private reason: unknown = null

  /** Whether it is still too early to try again. */
  holds(now: number): boolean {
    return now < this.until
  }

  /** Throws what failed last, while it is too early to try again. */
  check(now: number): void {
    if (this.holds(now)) throw this.reason
  }

  /** The first failure may be chance, and is tried again at once; each one that follows it waits twice as long. */
  failed(reason: unknown, now: number): void {
    this.reason = reason
    const isFirst = now - this.until > forgottenMs
    this.waitMs = isFirst ? 0 : Math.min(waitMsMax, Math.max(waitMsMin, this.waitMs * 2))
    this.until = now + this.waitMs
  }
}
