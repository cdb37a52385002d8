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

export class Pace {
  private readonly limits: PaceLimits
  private counts = new Map<string, number>()
  private before = new Map<string, number>()
  private since = 0

  constructor(limits: PaceLimits = defaultPace) {
    this.limits = limits
  }

  /** Counts an attempt. Answers 0 when it is welcome, else the seconds to wait. */
  attempt(name: string, nowMs: number): number {
    const { attemptsMax, windowMs, namesMax } = this.limits
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
