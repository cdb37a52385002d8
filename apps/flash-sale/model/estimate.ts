// How long it will take: from the measured rate at which turns come up, and never longer than what was said before.
// Pure, so that a page computes from the shared snapshot what the server would say.

/** What is known of a queue at a moment; one such snapshot serves everybody. */
export interface QueuePace {
  /** Turns served so far: the next is `served + 1`. */
  readonly served: number
  /** Turns a second, measured; null before there was anything to measure. */
  readonly perSecond: number | null
}

/** How many are before me, myself included; 0 when the turn has come. */
export const positionOf = (turn: number, pace: QueuePace): number => Math.max(0, turn - pace.served)

/** Seconds until a turn comes. `shownBefore` is the last that was shown, and bounds it; null is "not known yet". */
export function etaSeconds(turn: number, pace: QueuePace, shownBefore: number | null): number | null {
  const position = positionOf(turn, pace)
  if (position === 0) return 0
  if (pace.perSecond === null || pace.perSecond <= 0) return shownBefore
  const fresh = Math.ceil(position / pace.perSecond)
  return shownBefore === null ? fresh : Math.min(fresh, shownBefore)
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
