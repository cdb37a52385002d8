// Whose channels cost how much, for publishers who have a share of the budget: whoever has more than that loses their own first.
// Knows costs and names; refuses to know what a channel is and how it is dropped.
import type { OwnerName } from "./publisher-shares.ts"

/** A channel, as its owner is charged for it. */
interface Owned<Log> {
  owner: BudgetOwner<Log> | null
  /** What would be free if it went. */
  readonly cost: number
}

export class BudgetOwner<Log> {
  readonly name: OwnerName
  bytes = 0
  bytesMax = Number.POSITIVE_INFINITY
  /** Those at hand, the one used longest ago first, as far as its owner used it. */
  readonly logs = new Set<Log>()
  newest: Log | null = null

  constructor(name: OwnerName) {
    this.name = name
  }
}

export class BudgetOwners<Log extends Owned<Log>> {
  private readonly owners = new Map<OwnerName, BudgetOwner<Log>>()
  /** Those who have more than their share. */
  private readonly over = new Set<BudgetOwner<Log>>()

  /** From now on `name` answers for what the log costs, as the newest of theirs; nobody when it is null. */
  assign(log: Log, name: OwnerName | null, bytesMax: number): void {
    if (log.owner && log.owner.name !== name) this.release(log)
    if (name === null) return
    const owner = log.owner ?? this.ownerOf(name)
    owner.bytesMax = bytesMax
    if (owner.newest !== log) {
      owner.logs.delete(log)
      owner.logs.add(log)
      owner.newest = log
    }
    if (log.owner) return
    log.owner = owner
    this.charge(owner, log.cost)
  }

  charge(owner: BudgetOwner<Log>, bytes: number): void {
    owner.bytes += bytes
    if (owner.bytes > owner.bytesMax) this.over.add(owner)
    else if (this.over.size > 0) this.over.delete(owner)
    if (owner.bytes === 0 && owner.logs.size === 0) this.owners.delete(owner.name)
  }

  /** Nobody answers for it any more. */
  release(log: Log): void {
    const { owner } = log
    if (!owner) return
    this.leave(log)
    log.owner = null
    this.charge(owner, -log.cost)
  }

  /** The first of those who have more than their share; null when nobody has. */
  beyondShare(): BudgetOwner<Log> | null {
    for (const owner of this.over) return owner
    return null
  }

  /** A log that was charged before is at hand. */
  enter(log: Log): void {
    log.owner?.logs.add(log)
  }

  /** A log is not at hand any more, and costs what it cost. */
  leave(log: Log): void {
    const { owner } = log
    if (!owner) return
    owner.logs.delete(log)
    if (owner.newest === log) owner.newest = null
  }

  /** Who goes by a name. They are remembered for as long as they are charged for something. */
  ownerOf(name: OwnerName): BudgetOwner<Log> {
    let owner = this.owners.get(name)
    if (!owner) this.owners.set(name, (owner = new BudgetOwner(name)))
    return owner
  }
}
