// Places for those on their way in. A place counts from the moment on that it was asked for: whoever is to be let in may have
// to wait for the application, and many could be let in at once where there is room for one.

/** The connections and held polls from one address: each is counted from its beginning to its end. */
export class AddressUsage {
  readonly addressGroup: string
  /** Held polls, too. */
  connections = 0

  constructor(addressGroup: string) {
    this.addressGroup = addressGroup
  }
}

/** How many connections are let in and not open yet, in all and by user. */
export class PendingCounts {
  size = 0
  private readonly byUser = new Map<string, number>()

  countOfUser(user: string): number {
    return this.byUser.get(user) ?? 0
  }

  count(user: string | undefined, change: 1 | -1): void {
    if (user === undefined) return
    const count = this.countOfUser(user) + change
    if (count > 0) this.byUser.set(user, count)
    else this.byUser.delete(user)
  }
}

/** One place. */
export class Reservation {
  /** What is counted of their address; null for this machine's own. */
  readonly addressUsage: AddressUsage | null
  private readonly pending: PendingCounts
  private named: string | undefined
  private isHeld = true

  constructor(pending: PendingCounts, usage: AddressUsage | null) {
    this.pending = pending
    this.addressUsage = usage
    pending.size++
    if (usage) usage.connections++
  }

  get user(): string | undefined {
    return this.named
  }

  /** Whose it is, as far as is known by now. */
  nameUser(user: string | undefined): void {
    if (!this.isHeld) return
    this.pending.count(this.named, -1)
    this.named = user
    this.pending.count(user, 1)
  }

  /** They are there and counted as such, or will not come. Harmless when it was released before. */
  release(): void {
    if (!this.isHeld) return
    this.nameUser(undefined)
    this.isHeld = false
    this.pending.size--
    if (this.addressUsage) this.addressUsage.connections--
  }
}
