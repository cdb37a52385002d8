// The sweeper: what has a deadline ends by it, whatever else went wrong. Deadlines follow the numbers, so looking at the
// first who is not due is enough.
import type { Act } from "./act.ts"
import type { Book, Order, Ticket } from "./memory.ts"

/** Tickets past their deadline that still wait, up to `limit`. */
export function overdueTickets(book: Book, now: number, limit: number): Ticket[] {
  const found: Ticket[] = []
  let { swept } = book
  for (; swept < book.tickets.length && found.length < limit; swept++) {
    const ticket = book.tickets[swept] as Ticket
    if (ticket.deadline > now) break
    if (ticket.state === "queued" || ticket.state === "waitlisted") found.push(ticket)
    else if (found.length === 0) book.swept = swept + 1
  }
  return found
}

export function expireTickets(act: Act, tickets: readonly Ticket[]): void {
  for (const ticket of tickets) act.moveTicket(ticket, "timeout")
}

/** Unpaid orders whose time is up, the oldest first, up to `limit`. */
export function overdueOrders(book: Book, now: number, limit: number): Order[] {
  const found: Order[] = []
  for (const line of [book.unpaid, book.offers]) {
    for (const order of line) {
      if (found.length >= limit || order.payBy > now) break
      found.push(order)
    }
  }
  return found
}

/** Ends everybody's wait, up to `limit`: the sale was closed. Answers how many. */
export function rejectWaiting(act: Act, limit: number): number {
  const { book } = act
  let ended = 0
  for (const ticket of book.tickets) {
    if (ended >= limit) break
    if (ticket.state !== "queued" && ticket.state !== "waitlisted") continue
    act.moveTicket(ticket, "close")
    ended++
  }
  return ended
}

/** Steps out of the queue or off the wait-list; the place is free at once. */
export function leave(act: Act, ticket: Ticket): boolean {
  return act.moveTicket(ticket, "leave")
}
