// What the transactions of all connections of a node hold together, and who of the publishers how much of it. Bounded, since anybody may begin
// one, and nobody needs to end it.
import { LabaError } from "../../../wire/error.ts"
import { budgetOwnerOf } from "../../access/limits/publish-rates.ts"
import { SharedBudget } from "../../bounds/shared-budget.ts"
import type { Publisher } from "../../engines/engine.ts"

/** As much as so many connections may hold each. */
const connectionsMax = 64

export class TransactionBudget {
  private readonly bytes: SharedBudget

  constructor(bytesPerConnectionMax: () => number) {
    this.bytes = new SharedBudget(() => bytesPerConnectionMax() * connectionsMax)
  }

  /** Takes room for a step. Throws `too_many_requests`. */
  take(publisher: Publisher | undefined, bytes: number): void {
    const owner = budgetOwnerOf(publisher)
    if (!this.bytes.hasRoomFor(owner, bytes))
      throw new LabaError("too_many_requests", "Too much waits here in transactions for its COMMIT.", {
        retryAfterSeconds: 5,
      })
    this.bytes.take(owner, bytes)
  }

  giveBack(publisher: Publisher | undefined, bytes: number): void {
    this.bytes.giveBack(budgetOwnerOf(publisher), bytes)
  }
}
