// Decisions: who is next gets a unit, a place on the wait-list, or the plain truth. Pure of time and of disk: it fires
// events at tickets through the transaction that it is handed.
import { isGone } from "../model/unit.ts"
import type { SaleTransaction } from "./sale-transaction.ts"
import type { Book, Item, Ticket } from "./memory/memory.ts"

/** The next ticket in the order of service that still waits, and passes over those that do not. Null when nobody does. */
export function nextInLine(book: Book): Ticket | null {
  if (book.turns === null) return null
  while (book.served < book.tickets.length) {
    const ticket = ticketAt(book, book.served + 1)
    if (ticket?.state === "queued") return ticket
    book.served += 1
  }
  return null
}

const ticketAt = (book: Book, turn: number): Ticket | undefined =>
  book.tickets.get(book.turns?.numberAt(turn) ?? 0)

/** Decides up to `limit` tickets in the order of service. Answers how many. */
export function decideNext(act: SaleTransaction, limit: number): number {
  const { book } = act
  let decided = 0
  for (; decided < limit; decided++) {
    const ticket = nextInLine(book)
    if (ticket === null) break
    decideOne(act, ticket)
    book.served += 1
  }
  return decided
}

function decideOne(act: SaleTransaction, ticket: Ticket): void {
  const item = act.book.itemOf(ticket)
  if (item.counts.available > 0) act.win(ticket, false)
  // A unit that is held may come back; one that is sold does not.
  else if (item.waitlisted < capacityOf(act.book, item)) act.moveTicket(ticket, "wait")
  else act.moveTicket(ticket, "lose")
}

/**
 * How many may wait for an item, or have still to pay: as many times what is left as the shop thinks that people give up. Each item
 * has a bound of its own: a crowd for one must not keep anybody from the others.
 */
function capacityOf({ settings }: Book, { counts }: Item): number {
  const left = counts.available + counts.held
  return left === 0 ? 0 : Math.ceil(left * settings.factor) + settings.reserve
}

/** Whether a unit is free that is for the first on the wait-list, and not for who stands in the queue behind it. */
export const isOwed = ({ counts, waitlisted }: Item): boolean => counts.available > 0 && waitlisted > 0

/**
 * After a unit came back or was sold: offers what is free to the wait-list, in its order, and tells those at its end who
 * cannot win any more.
 */
export function settleItem(act: SaleTransaction, item: Item): void {
  const { phase } = act.book
  // Nobody new wins in a sale that is closed: who still waits is told so, some at a time.
  if (phase === "closed") return
  // The time to take an offer must not run while the sale stands still. It is made when the sale goes on.
  while (phase === "open" && item.counts.available > 0 && act.settled < settledMax) {
    const ticket = item.waitList.first()
    if (ticket === null) break
    act.win(ticket, true)
    act.settled++
  }
  for (let surplus = surplusOf(act.book, item); surplus > 0 && act.settled < settledMax; surplus--) {
    const last = item.waitList.last()
    if (last === null) break
    act.moveTicket(last, "lose")
    act.settled++
  }
}

/** How many wait for an item who cannot win any more. */
export const surplusOf = (book: Book, item: Item): number =>
  Math.max(0, item.waitlisted - capacityOf(book, item))

/** Tickets settled in one transaction: some 20 ms of writing. The rest follows in the next ones. */
const settledMax = 1000

/** Whether people wait in the queue for what is gone for good. */
export const someAreHopeless = (book: Book): boolean =>
  book.turns !== null && book.items.some((item) => item.queued > 0 && isGone(item.counts))

/** Tells those in the queue whose item is gone for good, up to `limit` of them, without waiting for their turn. */
export function tellHopeless(act: SaleTransaction, limit: number): number {
  const { book } = act
  let told = 0
  for (const [at, item] of book.items.entries()) {
    if (!isGone(item.counts)) {
      item.goneUntil = book.served
      continue
    }
    let turn = Math.max(item.goneUntil, book.served)
    while (told < limit && item.queued > 0 && turn < book.tickets.length) {
      const ticket = ticketAt(book, ++turn)
      if (ticket?.state !== "queued" || ticket.item !== at) continue
      act.moveTicket(ticket, "lose")
      told++
    }
    item.goneUntil = turn
  }
  return told
}

/** Whether as many live for an item as it makes sense to let wait, with `more` who are about to: the more is sold, the fewer. */
export const isFull = (book: Book, item: Item, more: number): boolean =>
  item.queued + item.waitlisted + item.pending + more >= capacityOf(book, item)

/** Tickets and unpaid orders that may live now, for all items together. */
export const capacityNow = (book: Book): number =>
  book.items.reduce((sum, item) => sum + capacityOf(book, item), 0)
