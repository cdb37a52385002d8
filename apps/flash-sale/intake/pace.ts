// How often one may try. Counts attempts in two windows, so that it forgets by itself and its memory is bounded.

export interface PaceLimits {
  /** Attempts in a window. Default 10: a person with two tabs does not get there, a script does at once. */
  readonly attemptsMax: number
  /** Default 5 s. */
  readonly windowMs: number
  /** Names counted in a window; beyond them the window ends early. Default 500,000: about 40 MB. */
  readonly namesMax: number
}

export const defaultPace: PaceLimits = { attemptsMax: 10, windowMs: 5000, namesMax: 500_000 }

/**
 * Attempts from one network in five seconds. Logging in, a token and a click are three, so some 300 people behind one address
 * may all want something in the same five seconds; a machine that tries names out is slowed down to a few hundred attempts a second.
 */
export const addressAttemptsDefault = 1000

export class Pace {
  private readonly limits: PaceLimits
  private counts = new Map<string, number>()
  private before = new Map<string, number>()
  private since = 0
  private readonly now: () => number

  /** `now` is in milliseconds, and only differences count: the system's clock may be set while somebody tries. */
  constructor(limits: PaceLimits = defaultPace, now: () => number = () => performance.now()) {
    this.limits = limits
    this.now = now
  }

  /** Counts an attempt. Answers 0 when it is welcome, else the seconds to wait. */
  attempt(name: string): number {
    const { attemptsMax, windowMs, namesMax } = this.limits
    const nowMs = this.now()
    const age = nowMs - this.since
    if (age >= windowMs || this.counts.size >= namesMax) {
      this.before = age >= 2 * windowMs ? new Map() : this.counts
      this.counts = new Map()
      this.since = nowMs
    }
    const count = (this.counts.get(name) ?? 0) + 1
    this.counts.set(name, count)
    // The window before counts for the part of it that is still within one window of now.
    const share = Math.max(0, 1 - (nowMs - this.since) / windowMs)
    if (count + (this.before.get(name) ?? 0) * share <= attemptsMax) return 0
    return Math.ceil(windowMs / 1000)
  }
}
