// What one ticket holder is shown, word by word, and whether the words agree: one number, one result, and an order that
// only becomes what an order can become.
import { orderMachine, type OrderState } from "../../../apps/flash-sale/model/order.ts"
import type { TicketRecord } from "../../../apps/flash-sale/model/wire/api.ts"
import { ticketEnds } from "../../../apps/flash-sale/model/ticket.ts"

export class Witness {
  readonly user: string
  /** The newest record. */
  last: TicketRecord | null = null
  /** How often the result was told: the same one again after a restart is no second one. */
  results = 0
  readonly contradictions: string[] = []
  private waiting: (() => void)[] = []

  constructor(user: string) {
    this.user = user
  }

  /** Takes what was heard. A repeat of what is known already is nothing; an older version is, too. */
  hear(record: TicketRecord): void {
    const before = this.last
    if (before && record.number !== before.number)
      this.object(`is shown ticket ${record.number} after ${before.number}`)
    if (before && record.version === before.version && !Bun.deepEquals(before, record, true))
      this.object(`is shown version ${record.version} in two ways`)
    if (before && record.version <= before.version) return
    if (before && ticketEnds.has(before.state) && record.state !== before.state)
      this.object(`is shown ${record.state} after the result ${before.state}`)
    if (before?.order && !mayBecome(before.order.state, record.order?.state ?? null))
      this.object(`is shown an order that was ${before.order.state} and is ${record.order?.state ?? "none"}`)
    if (ticketEnds.has(record.state) && !(before && ticketEnds.has(before.state))) this.results += 1
    this.last = record
    this.wake()
  }

  /** Lets go of who waits for the next record. */
  wake(): void {
    for (const wake of this.waiting.splice(0)) wake()
  }

  /** Resolves at the next newer record, or when there will be none. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.waiting.push(resolve)
    return promise
  }

  /** Notes something that must not be. */
  object(what: string): void {
    this.contradictions.push(`${this.user} ${what}`)
  }
}

/** Whether an order may be seen in one state after another: what came between may have been told in one word. */
function mayBecome(before: OrderState, after: OrderState | null): boolean {
  const reached = new Set<string>([before])
  for (const state of reached)
    for (const next of Object.values<string>(orderMachine[state as OrderState]))
      if (next !== "same" && next !== "never") reached.add(next)
  return after !== null && reached.has(after)
}
