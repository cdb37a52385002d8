// Who listens for their result right now. They are told before those whose channel nobody looks at: a crowd is decided
// faster than it can be told, and a result that nobody sees yet may come a moment later.
import type { Sale } from "../book/sale.ts"

/** Who polls is away for a moment between two polls, and still waits. */
const lingerMs = 5000

/** The watchers of one sale; those who went are in one of two halves, by the time at which they went. */
interface Watching {
  readonly here: Set<string>
  gone: Set<string>
  goneBefore: Set<string>
  turnedAt: number
}

export class ListeningUsers {
  private readonly sales = new Map<Sale, Watching>()
  private readonly now: () => number

  /** `now` is in milliseconds; only differences count. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  /** Somebody begins to listen to a user's channel, or nobody does any more. */
  note(sale: Sale, user: string, isWatching: boolean): void {
    let watching = this.sales.get(sale)
    if (!watching) {
      watching = { here: new Set(), gone: new Set(), goneBefore: new Set(), turnedAt: this.now() }
      this.sales.set(sale, watching)
    }
    this.turn(watching)
    if (isWatching) watching.here.add(user)
    else if (watching.here.delete(user)) watching.gone.add(user)
  }

  has(sale: Sale, user: string): boolean {
    const watching = this.sales.get(sale)
    if (!watching) return false
    if (watching.here.has(user)) return true
    this.turn(watching)
    return watching.gone.has(user) || watching.goneBefore.has(user)
  }

  /** A sale that is not here any more. */
  forget(sale: Sale): void {
    this.sales.delete(sale)
  }

  private turn(watching: Watching): void {
    const age = this.now() - watching.turnedAt
    if (age < lingerMs) return
    watching.goneBefore = age < 2 * lingerMs ? watching.gone : new Set()
    watching.gone = new Set()
    watching.turnedAt = this.now()
  }
}
