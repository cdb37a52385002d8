// How many decisions a transaction may make: what the inflow has saved up. Knows numbers and times only.

/** Decisions in one transaction: some 10 ms of writing. Fewer cost more each, since buyers' names are all over the index. */
export const decisionsMax = 1000

export class Allowance {
  private saved = 0
  private savedAt: number

  constructor(now: number) {
    this.savedAt = now
  }

  /** What a transaction may make now, when the loop gives it `wanted`. */
  at(now: number, wanted: number, inflowPerSecond: number | null): number {
    const passed = now - this.savedAt
    this.savedAt = now
    if (inflowPerSecond === null) return wanted
    // At most a second's worth is saved up: an empty queue must not become a burst.
    this.saved = Math.min(this.saved + (inflowPerSecond * passed) / 1000, Math.max(1, inflowPerSecond))
    return Math.min(wanted, Math.floor(this.saved))
  }

  /** So many were made. */
  spend(decisions: number): void {
    this.saved = Math.max(0, this.saved - decisions)
  }
}
