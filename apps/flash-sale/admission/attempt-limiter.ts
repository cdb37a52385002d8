// How often one may try. Counts attempts in two windows, so that it forgets by itself. Of a name its hash is kept, in tables of
// plain numbers whose memory is the same whatever comes.
import { saltedHash } from "../book/memory/salted-hash.ts"

export interface AttemptLimits {
  /** Attempts in a window. Default 10: a person with two tabs does not get there, a script does at once. */
  readonly attemptsMax: number
  /** Default 5 s. */
  readonly windowMs: number
  /**
   * Attempts counted in a window; beyond them it ends early. Default 262,144, with room for twice as many
   * names in both windows: 8 MB. Only names with the same hash of 32 bits are taken for one.
   */
  readonly countedMax: number
}

export const defaultAttemptLimits: AttemptLimits = { attemptsMax: 10, windowMs: 5000, countedMax: 262_144 }

/** For a few who try: a few kilobytes. */
export const smallAttemptLimiter = (): AttemptLimiter =>
  new AttemptLimiter({ ...defaultAttemptLimits, countedMax: 1024 })

/** A hash and its count for each name, and as many free places; their number is a power of two. */
const numbersEach = 4

/**
 * Attempts from one network in five seconds. Logging in, a token and a click are three, so some 300 people behind one address
 * may all want something in the same five seconds; a machine that tries names out is slowed down to a few hundred attempts a second.
 */
export const addressAttemptsDefault = 1000

export class AttemptLimiter {
  private readonly limits: AttemptLimits
  private readonly hash = saltedHash()
  private counts: Int32Array
  private before: Int32Array
  private counted = 0
  private since = 0
  private readonly now: () => number

  /** `now` is in milliseconds, and only differences count: the system's clock may be set while somebody tries. */
  constructor(limits: AttemptLimits = defaultAttemptLimits, now: () => number = () => performance.now()) {
    this.limits = limits
    this.now = now
    const numbers = 2 ** Math.ceil(Math.log2(limits.countedMax * numbersEach))
    this.counts = new Int32Array(numbers)
    this.before = new Int32Array(numbers)
  }

  /** Counts an attempt. Answers 0 when it is welcome, else the seconds to wait. */
  attempt(name: string): number {
    const { attemptsMax, windowMs, countedMax } = this.limits
    const nowMs = this.now()
    const age = nowMs - this.since
    if (age >= windowMs || this.counted >= countedMax) this.turn(nowMs, age >= 2 * windowMs)
    const hash = this.hash(name)
    const at = placeOf(this.counts, hash)
    const count = (this.counts[at + 1] as number) + 1
    this.counts[at] = hash
    this.counts[at + 1] = count
    this.counted++
    const countBefore = this.before[placeOf(this.before, hash) + 1] as number
    // The window before counts for the part of it that is still within one window of now.
    const share = Math.max(0, 1 - (nowMs - this.since) / windowMs)
    if (count + countBefore * share <= attemptsMax) return 0
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

/** Where the hash stands, or the free place where it would: with at most half of the places taken there is one. */
function placeOf(counts: Int32Array, hash: number): number {
  const mask = counts.length - 1
  let at = (hash * 2) & mask
  while (counts[at + 1] !== 0 && counts[at] !== hash) at = (at + 2) & mask
  return at
}
