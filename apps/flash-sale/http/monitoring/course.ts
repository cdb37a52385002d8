// How one sale has gone, for its operator: how long results took, who was turned away, and its last minutes as curves. Results
// are read back from the books at a start; refusals and curves are of this process, because nobody writes them down.
import type { Ticket } from "../../book/memory/memory.ts"
import type { Sale } from "../../book/sale.ts"
import type { RefusalCode } from "../../model/wire/refusal.ts"
import { decidesAt } from "../../model/sale.ts"
import { ticketEnds } from "../../model/ticket.ts"
import { Series } from "../../model/series.ts"
import { Waits } from "./waits.ts"

export class Course {
  /** From the ticket to its result; for who came before the draw, from the draw. */
  readonly results = new Waits()
  readonly refused = new Map<RefusalCode, number>()
  /** Since when refusals are counted. */
  readonly since: number
  readonly series = new Series()
  private readonly sale: Sale

  constructor(sale: Sale) {
    this.sale = sale
    this.since = sale.now()
    for (const ticket of sale.book.tickets) {
      const at = resultAt(ticket)
      if (at !== null) this.add(ticket, at)
    }
  }

  refuse(code: RefusalCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
  }

  /** Tickets that have just changed: each result is counted once, whatever becomes of its order afterwards. */
  note(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      const at = resultAt(ticket)
      if (at === ticket.changedAt && (ticket.order === null || ticket.order.state === "pending"))
        this.add(ticket, at)
    }
  }

  look(): void {
    const { book } = this.sale
    let sold = 0
    for (const { counts } of book.items) sold += counts.sold
    const { queued, waitlisted, served } = book
    const at = this.sale.now() / 1000
    this.series.add({ at, queued, waitlisted, served, sold, tickets: book.tickets.length })
  }

  private add({ admittedAt }: Ticket, at: number): void {
    const from = Math.max(admittedAt, decidesAt(this.sale.book.settings))
    this.results.add(Math.max(0, at - from) / 1000)
  }
}

/**
 * When a ticket got its result: it won, or it ended without winning. Null while it has none. A place on the wait-list is none,
 * and who leaves does not wait for one.
 */
function resultAt({ state, order, changedAt }: Ticket): number | null {
  if (!ticketEnds.has(state) || state === "left") return null
  return order === null ? changedAt : order.createdAt
}
