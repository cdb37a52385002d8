// The time to wait as it is shown: from the measured pace, bounded by what was shown before, and counting down between two
// measurements. It never climbs: people plan by it.
import { etaSeconds, positionOf, type QueuePace } from "../../model/estimate.ts"

/** More than that is not "a moment". */
const lateSeconds = 5

export class WaitShown {
  private turn: number | null = null
  /** When it is over, by what was said last. */
  private endsAt: number | null = null

  /** What the server said, for somebody who has just got in or come back. */
  promise(turn: number | null, seconds: number | null, now: number): void {
    this.follow(turn)
    if (seconds === null) return
    this.endsAt = Math.min(this.endsAt ?? Infinity, now + seconds * 1000)
  }

  /** Seconds to show; null while nothing is known. */
  seconds(turn: number, pace: QueuePace, now: number): number | null {
    this.follow(turn)
    if (positionOf(turn, pace) === 0) return 0
    const shown = this.endsAt === null ? null : Math.max(0, (this.endsAt - now) / 1000)
    const eta = etaSeconds(turn, pace, shown)
    if (eta !== null && (shown === null || eta < shown)) this.endsAt = now + eta * 1000
    return eta
  }

  /** What was shown has run out and the turn has not come: that is said instead of a number that would climb. */
  isLate(turn: number, pace: QueuePace, now: number): boolean {
    if (this.endsAt === null || now < this.endsAt || positionOf(turn, pace) === 0) return false
    const fresh = etaSeconds(turn, pace, null)
    return fresh === null || fresh > lateSeconds
  }

  /** Another turn is another wait. */
  private follow(turn: number | null): void {
    if (turn === this.turn) return
    this.turn = turn
    this.endsAt = null
  }
}
