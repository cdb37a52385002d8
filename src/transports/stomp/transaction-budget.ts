// What the transactions of all connections of a node hold together, and who of the publishers how much of it. Bounded, since anybody may begin
// one, and nobody needs to end it.
import { LabaError } from "../../../wire/error.ts"
import type { Publisher } from "../../engines/engine.ts"

/** As much as so many connections may hold each. */
const connectionsMax = 64

export class TransactionBudget {
  private bytes = 0
  private readonly bytesOf = new Map<Publisher, number>()
  private readonly bytesPerConnectionMax: () => number

  constructor(bytesPerConnectionMax: () => number) {
    this.bytesPerConnectionMax = bytesPerConnectionMax
  }

  /**
   * Takes room for a step. A user or an address may have as much as is still free, so that whoever comes next always finds room; a key, and
   * this machine's own (undefined), all of it. Throws `too_many_requests`.
   */
  take(publisher: Publisher | undefined, bytes: number): void {
    const free = this.bytesPerConnectionMax() * connectionsMax - this.bytes
    const before = publisher === undefined ? 0 : (this.bytesOf.get(publisher) ?? 0)
    const isShared = publisher !== undefined && !publisher.startsWith("key:")
    if (bytes > free || (isShared && before + bytes > free))
      throw new LabaError("too_many_requests", "Too much waits here in transactions for its COMMIT.", {
        retryAfterSeconds: 5,
      })
    this.bytes += bytes
    if (publisher !== undefined) this.bytesOf.set(publisher, before + bytes)
  }

  giveBack(publisher: Publisher | undefined, bytes: number): void {
    this.bytes -= bytes
    if (publisher === undefined) return
    const left = (this.bytesOf.get(publisher) ?? 0) - bytes
    if (left > 0) this.bytesOf.set(publisher, left)
    else this.bytesOf.delete(publisher)
  }
}
