// A ticket as its holder gets it: the record, and what only this request asks: position, time to wait, where to listen.
import type { Ticket } from "../../book/memory/memory.ts"
import type { Sale } from "../../book/sale.ts"
import type { AdmissionView, TicketView } from "../../model/wire/api.ts"
import { recordOf } from "../../delivery/record-of.ts"
import { resultChannel, saleChannel } from "../../model/record.ts"
import { isWaiting } from "../../model/ticket.ts"

function listenAt(sale: Sale, user: string, labaUrl: string) {
  const channel = resultChannel(user, sale.id)
  return { laba: labaUrl, channel, sale: saleChannel(sale.id) }
}

/**
 * What is answered to whoever just got in, and to each retry of it: the same, whatever has happened since. Whether its time to
 * wait still holds, only the ticket says.
 */
export const admissionView = (sale: Sale, ticket: Ticket, labaUrl: string): AdmissionView => ({
  sale: sale.id,
  item: sale.book.itemOf(ticket).id,
  number: ticket.number,
  state: "queued",
  position: ticket.place,
  // Before the draw there is no position, and a guess would be wrong for nearly everybody. Each ticket so far is in it.
  entrants: ticket.place === null ? ticket.number : null,
  etaSeconds: ticket.eta,
  admittedAt: ticket.admittedAt,
  deadline: ticket.deadline,
  listen: listenAt(sale, ticket.user, labaUrl),
})

/** How it stands now. */
export function ticketView(sale: Sale, ticket: Ticket, labaUrl: string): TicketView {
  const { book } = sale
  const { etaSeconds, late } = sale.waitOf(ticket)
  return {
    ...recordOf(book, ticket),
    /** In the queue, or on the item's wait-list. */
    position: book.positionOf(ticket),
    /** How many wait for the draw so far, while it is still to come. */
    entrants: ticket.state === "queued" && book.turns === null ? book.queued : null,
    etaSeconds,
    late,
    admittedAt: ticket.admittedAt,
    deadline: isWaiting(ticket.state) ? ticket.deadline : null,
    listen: listenAt(sale, ticket.user, labaUrl),
  }
}
