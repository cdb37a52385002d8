// The sweeper: what has a deadline ends by it, whatever else went wrong.
import { isGone } from "../model/unit.ts"
import type { SaleTransaction } from "./sale-transaction.ts"
import type { Book, Order, Ticket } from "./memory/memory.ts"

export function expireTickets(act: SaleTransaction, tickets: readonly Ticket[]): void {
  for (const ticket of tickets) act.moveTicket(ticket, "timeout")
}

/**
 * Unpaid orders whose time is up, up to `limit`; `opened` chooses those of which the payment provider may know, or the others.
 * In each line all have the same time to pay, so the first who is not due is enough.
 */
export function overdueOrders(
  book: Book,
  { now, limit, opened }: { readonly now: number; readonly limit: number; readonly opened: boolean },
): Order[] {
  const found: Order[] = []
  for (const line of [book.unpaid, book.offers]) {
    // Lets go of those at its head that were paid.
    line.first()
    for (const order of line) {
      if (found.length >= limit || order.payBy > now) break
      if (order.opened === opened) found.push(order)
    }
  }
  return found
}

/** Ends everybody's wait, up to `limit`: the sale was closed. Answers how many. */
export function rejectWaiting(act: SaleTransaction, limit: number): number {
  const { book } = act
  let ended = 0
  for (; book.rejected < book.tickets.length && ended < limit; book.rejected++) {
    const ticket = book.tickets.get(book.rejected + 1) as Ticket
    if (act.moveTicket(ticket, "close")) ended++
  }
  return ended
}

/** Sold out, with nobody who waits or has still to pay: nothing can happen any more, unless the shop takes an order back. */
export const isSpent = ({ items, live }: Book): boolean =>
  live === 0 && items.every(({ counts }) => isGone(counts))

/** When a ticket or an order of a sale changed last, or it began. */
export function lastChange({ settings, tickets }: Book): number {
  let last = settings.startsAt
  for (const { changedAt, order } of tickets) last = Math.max(last, changedAt, order?.changedAt ?? 0)
  return last
}

/** Steps out of the queue or off the wait-list; the place is free at once. */
export function leave(act: SaleTransaction, ticket: Ticket): boolean {
  return act.moveTicket(ticket, "leave")
}
