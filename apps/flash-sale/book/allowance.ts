// How many decisions a transaction may make: what the inflow has saved up, and what a batch that failed leaves. Knows
// numbers and times only.

/** Decisions in one transaction: some 10 ms of writing. Fewer cost more each, since buyers' names are all over the index. */
export const decisionsMax = 1000

export class Allowance {
  private saved = 0
  private savedAt: number
  private most = decisionsMax

  constructor(now: number) {
    this.savedAt = now
  }

  /** What a transaction may make now, when the loop gives it `wanted`. */
  at(now: number, wanted: number, inflowPerSecond: number | null): number {
    const passed = now - this.savedAt
    this.savedAt = now
    const most = Math.min(wanted, this.most)
    if (inflowPerSecond === null) return most
    // At most a second's worth is saved up: an empty queue must not become a burst.
    this.saved = Math.min(this.saved + (inflowPerSecond * passed) / 1000, Math.max(1, inflowPerSecond))
    return Math.min(most, Math.floor(this.saved))
  }

  /** So many were made. */
  spend(decisions: number): void {
    this.saved = Math.max(0, this.saved - decisions)
    this.most = Math.min(decisionsMax, this.most * 2)
  }

  /** A transaction for so many has failed: half of them may go, or be the half with what is wrong. */
  halve(decisions: number): void {
    this.most = Math.max(1, Math.floor(decisions / 2))
  }
}
