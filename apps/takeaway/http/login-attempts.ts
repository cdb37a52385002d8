// Slows down who guesses passwords: after a few failures on a shop from an address, a wait.

/** Failures in a window before the wait. A person mistypes twice, not six times. */
const failuresMax = 5
const windowMs = 60_000

/** Pairs of shop and address that are remembered. Beyond it the oldest are forgotten: a guesser with so many addresses is slow anyway. */
const remembersMax = 10_000

interface Failures {
  count: number
  readonly since: number
}

export class LoginAttempts {
  private readonly failures = new Map<string, Failures>()
  private readonly clock: () => number

  constructor(clock: () => number) {
    this.clock = clock
  }

  /** Seconds to wait; 0 when one may try now. */
  waitSeconds(shop: string, address: string): number {
    const found = this.failures.get(`${shop} ${address}`)
    if (!found || found.count < failuresMax) return 0
    return Math.max(0, Math.ceil((found.since + windowMs - this.clock()) / 1000))
  }

  /**
   * Counts an attempt as failed before it is known how it ends: of many that are made at once, each would else be the first. Seconds
   * to wait, as `waitSeconds`; then it is not counted.
   */
  begin(shop: string, address: string): number {
    const seconds = this.waitSeconds(shop, address)
    if (seconds === 0) this.count(shop, address)
    return seconds
  }

  succeeded(shop: string, address: string): void {
    this.failures.delete(`${shop} ${address}`)
  }

  private count(shop: string, address: string): void {
    const name = `${shop} ${address}`
    const found = this.failures.get(name)
    if (found && found.since + windowMs > this.clock()) found.count++
    else {
      this.failures.delete(name)
      this.failures.set(name, { count: 1, since: this.clock() })
    }
    const [oldest] = this.failures.keys()
    if (this.failures.size > remembersMax && oldest !== undefined) this.failures.delete(oldest)
  }
}
