// How many decisions a turn of the loop may make. Intake comes first: a turn that comes late, here or at the front, says that
// there is more to do than there is time, and then decisions catch up later. Knows times and counts only.

/** At the most some 10 ms of writing: longer would hold up whoever clicks meanwhile. */
const decisionsMax = 1000

/** At the least, and for each millisecond since the turn before: who waits in a crowd that never ends is decided, too. */
const decisionsMin = 200
const perMsMin = 10

/** A turn that comes later than that is late. */
const lateMsMax = 15

/** For so long the front counts as late after it has said so: it says so again. */
const hurryMs = 100

/** Added after each turn that came in time. */
const regained = 100

export class DecisionGovernor {
  private most = decisionsMax
  private before: number | null = null
  private hurriedAt = Number.NEGATIVE_INFINITY

  /** Requests are read later than they came. */
  hurry(nowMs: number): void {
    this.hurriedAt = nowMs
  }

  /** The decisions that the turn may make which was due at `dueAt` and comes now. Milliseconds of one clock. */
  at(nowMs: number, dueAtMs: number): number {
    const passedMs = nowMs - (this.before ?? nowMs)
    this.before = nowMs
    const isLate = nowMs - dueAtMs > lateMsMax || nowMs - this.hurriedAt < hurryMs
    const wanted = isLate ? this.most / 2 : this.most + regained
    const least = Math.max(decisionsMin, passedMs * perMsMin)
    this.most = Math.floor(Math.min(decisionsMax, Math.max(least, wanted)))
    return this.most
  }
}
