// How often one may try. Counts attempts in two windows, so that it forgets by itself. Names are not kept: each has a place
// among counters, whose memory is the same whatever comes.
import { saltedHash } from "../book/salted-hash.ts"

export interface PaceLimits {
  /** Attempts in a window. Default 10: a person with two tabs does not get there, a script does at once. */
  readonly attemptsMax: number
  /** Default 5 s. */
  readonly windowMs: number
  /**
   * Attempts counted in a window; beyond them it ends early. Default 262,144, with four counters of two bytes for each in
   * both windows: 4 MB. Names that share a counter then have less than one chance in a million to slow each other down.
   */
  readonly countedMax: number
}

export const defaultPace: PaceLimits = { attemptsMax: 10, windowMs: 5000, countedMax: 262_144 }

/** For a few who try: a few kilobytes. */
export const smallPace = (): Pace => new Pace({ ...defaultPace, countedMax: 1024 })

const countersEach = 4

/** A counter holds no more. */
const countMax = 65_535

/**
 * Attempts from one network in five seconds. Logging in, a token and a click are three, so some 300 people behind one address
 * may all want something in the same five seconds; a machine that tries names out is slowed down to a few hundred attempts a second.
 */
export const addressAttemptsDefault = 1000

export class Pace {
  private readonly limits: PaceLimits
  private readonly hash = saltedHash()
  private counts: Uint16Array
  private before: Uint16Array
  private counted = 0
  private since = 0
  private readonly now: () => number

  /** `now` is in milliseconds, and only differences count: the system's clock may be set while somebody tries. */
  constructor(limits: PaceLimits = defaultPace, now: () => number = () => performance.now()) {
    this.limits = limits
    this.now = now
    this.counts = new Uint16Array(limits.countedMax * countersEach)
    this.before = new Uint16Array(limits.countedMax * countersEach)
  }

  /** Counts an attempt. Answers 0 when it is welcome, else the seconds to wait. */
  attempt(name: string): number {
    const { attemptsMax, windowMs, countedMax } = this.limits
    const nowMs = this.now()
    const age = nowMs - this.since
    if (age >= windowMs || this.counted >= countedMax) this.turn(nowMs, age >= 2 * windowMs)
    const at = (this.hash(name) >>> 0) % this.counts.length
    const count = Math.min(countMax, (this.counts[at] as number) + 1)
    this.counts[at] = count
    this.counted++
    // The window before counts for the part of it that is still within one window of now.
    const share = Math.max(0, 1 - (nowMs - this.since) / windowMs)
    if (count + (this.before[at] as number) * share <= attemptsMax) return 0
    return Math.ceil(windowMs / 1000)
  }

  private turn(nowMs: number, isAllPast: boolean): void {
    const counts = this.before.fill(0)
    this.before = isAllPast ? this.counts.fill(0) : this.counts
    this.counts = counts
    this.counted = 0
    this.since = nowMs
  }
}
