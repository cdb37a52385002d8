// Room that many owners share: whoever can be one of many may have as much as is still free, so that who comes next always finds some.

/** Who holds some of it; null for who may have all. */
export type BudgetOwner = string | null

export class SharedBudget {
  used = 0
  private readonly usedBy = new Map<string, number>()
  private readonly max: () => number

  constructor(max: () => number) {
    this.max = max
  }

  hasRoomFor(owner: BudgetOwner, amount: number): boolean {
    const own = owner === null ? 0 : (this.usedBy.get(owner) ?? 0)
    return own + amount <= this.max() - this.used
  }

  /** Whether there is room or not: who has to ask, asks before. */
  take(owner: BudgetOwner, amount: number): void {
    this.used += amount
    if (owner === null) return
    const own = (this.usedBy.get(owner) ?? 0) + amount
    if (own > 0) this.usedBy.set(owner, own)
    else this.usedBy.delete(owner)
  }

  giveBack(owner: BudgetOwner, amount: number): void {
    this.take(owner, -amount)
  }
}
