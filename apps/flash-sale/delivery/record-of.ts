// From a ticket in memory to the record that its holder sees, and to the snapshot that everybody sees.
import type { Book, Ticket } from "../book/memory/memory.ts"
import { lineMarks } from "../book/memory/line-marks.ts"
import type { Sale } from "../book/sale.ts"
import type { SaleSnapshot, TicketRecord } from "../model/wire/api.ts"
import { isWaiting } from "../model/ticket.ts"
import { isGone } from "../model/unit.ts"

/** The id of a ticket's order. */
const orderId = (book: Book, number: number): string => `${book.settings.id}.${number}`

export function recordOf(book: Book, ticket: Ticket): TicketRecord {
  const { order } = ticket
  return {
    sale: book.settings.id,
    item: book.itemOf(ticket).id,
    number: ticket.number,
    version: ticket.version,
    state: ticket.state,
    // Only who waits has a turn to wait for.
    turn: isWaiting(ticket.state) ? book.turnOf(ticket) : null,
    at: ticket.changedAt,
    order: order && {
      id: orderId(book, ticket.number),
      state: order.state,
      price: order.price,
      currency: book.settings.currency,
      payBy: order.payBy,
      offer: order.offer,
    },
  }
}

/** What is the same for everybody: one message a second serves the whole queue. */
export function saleSnapshot(sale: Sale): SaleSnapshot {
  const { book, pace } = sale
  const line = lineMarks(book)
  return {
    sale: book.settings.id,
    at: sale.now(),
    phase: book.phase,
    startsAt: book.settings.startsAt,
    served: book.served,
    ...(line.length > 0 && { line }),
    queued: book.queued,
    waitlisted: book.waitlisted,
    perSecond: pace.perSecond,
    items: book.items.map(({ id, counts }) => ({
      id,
      ...counts,
      gone: isGone(counts),
    })),
  }
}
