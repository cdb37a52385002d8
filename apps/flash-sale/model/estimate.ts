// How long it will take: from the measured rate at which turns come up, and never longer than what was said before.
// Pure, so that a page computes from the shared snapshot what the server would say.

/** A turn in the queue, and how many still waited up to it, itself included. */
export type LineMark = [turn: number, position: number]

/** What is known of a queue at a moment; one such snapshot serves everybody. */
export interface QueuePace {
  /** Turns that have passed: the next is `served + 1`. */
  readonly served: number
  /** Decided a second, measured; null before there was anything to measure. */
  readonly perSecond: number | null
  /** Marks along the queue, by turn, when people have left it: they keep their turns, and nobody waits for those. */
  readonly line?: readonly LineMark[] | undefined
}

/**
 * How many are before me, myself included; 0 when the turn has come. Exact while nobody has left; else exact at the marks, and
 * between two of them as if those who left had stood evenly.
 */
export function positionOf(turn: number, { served, line = [] }: QueuePace): number {
  if (turn <= served) return 0
  let [before, count]: LineMark = [served, 0]
  for (const [at, position] of line) {
    if (at >= turn) {
      const between = ((position - count) * (turn - before)) / (at - before)
      return Math.max(1, Math.ceil(count + between))
    }
    ;[before, count] = [at, position]
  }
  return count + turn - before
}

/** Seconds until so many are decided; null while the pace is not known. */
export function secondsFor(position: number, perSecond: number | null): number | null {
  if (position === 0) return 0
  return perSecond === null || perSecond <= 0 ? null : Math.ceil(position / perSecond)
}

/** Seconds until a turn comes. `shownBefore` is the last that was shown, and bounds it; null is "not known yet". */
export function etaSeconds(turn: number, pace: QueuePace, shownBefore: number | null): number | null {
  const fresh = secondsFor(positionOf(turn, pace), pace.perSecond)
  if (fresh === null || shownBefore === null) return fresh ?? shownBefore
  return Math.min(fresh, shownBefore)
}

/** What is said to somebody who waits. */
export interface Wait {
  /** Null: not known, for example while the sale is paused. It counts down and never climbs; 0 when what was said has run out. */
  readonly etaSeconds: number | null
  /** It will take longer than was said: that has run out, or will at the pace of now. */
  readonly late: boolean
  /** The moment that is promised by it, and bounds what is said next. */
  readonly promisedAt: number | null
}

/** A promise that is missed by less is not late: the measured pace trembles by as much. */
const lateSecondsMin = 5
const lateShareMin = 0.1

export interface WaitFacts {
  readonly position: number
  /** Null as well while nothing is decided. */
  readonly perSecond: number | null
  readonly promisedAt: number | null
  readonly now: number
}

/** How long it takes until a position is served, held to what was promised before. */
export function waitOf({ position, perSecond, promisedAt, now }: WaitFacts): Wait {
  const fresh = secondsFor(position, perSecond)
  const freshAt = fresh === null ? null : now + fresh * 1000
  if (promisedAt === null) return { etaSeconds: fresh, late: false, promisedAt: freshAt }
  const left = Math.max(0, Math.ceil((promisedAt - now) / 1000))
  if (fresh === null || freshAt === null) return { etaSeconds: left, late: left === 0, promisedAt }
  return {
    etaSeconds: Math.min(fresh, left),
    late: fresh - left > Math.max(lateSecondsMin, fresh * lateShareMin),
    promisedAt: Math.min(freshAt, promisedAt),
  }
}

/** Before anything is said, it is measured for so long. */
const firstSecondsMin = 1

/** How fast turns come up: an average that forgets, so that a change of pace shows within some ten seconds. */
export class DrainRate {
  private since: number | null = null
  private servedThen = 0
  private average: number | null = null

  /** Turns a second; null when nothing was served yet. */
  get perSecond(): number | null {
    return this.average
  }

  /** Tells how many were served by now. While nothing can drain (paused, nobody there) call `rest` instead. */
  note(served: number, nowMs: number): void {
    if (this.since === null) return this.rest(served, nowMs)
    const seconds = (nowMs - this.since) / 1000
    // The first second of a sale is a burst; what is said first is what everybody is held to.
    if (seconds < (this.average === null ? firstSecondsMin : 0.2)) return
    const rate = (served - this.servedThen) / seconds
    const weight = 1 - Math.exp(-seconds / 5)
    if (this.average !== null) this.average += (rate - this.average) * weight
    else if (rate > 0) this.average = rate
    this.rest(served, nowMs)
  }

  /** Time passes that says nothing about the pace. */
  rest(served: number, nowMs: number): void {
    this.since = nowMs
    this.servedThen = served
  }
}
