// Reads a sale's memory back from the tables: what a restart does, and what follows a transaction that failed.
import type { Ledger } from "../ledger/ledger.ts"
import type { IntakeEntry } from "../ledger/stored-rows.ts"
import type { OrderState } from "../model/order.ts"
import { type SalePhase, type SaleSettings, saleSchema } from "../model/sale.ts"
import type { TicketState } from "../model/ticket.ts"
import { Turns } from "../model/turns.ts"
import { nextInLine } from "./decide.ts"
import { keyHashOf } from "./memory/entry-key.ts"
import { Entrants } from "./memory/entrants.ts"
import { type Batch, Book, type Order, type Ticket } from "./memory/memory.ts"

interface SaleRow {
  key: number
  settings: string
  phase: SalePhase
  seed: string
  drawn: number | null
}

interface TicketRow {
  number: number
  user: string
  item: string
  key: string
  state: TicketState
  version: number
  admitted_at: number
  deadline: number
  place: number | null
  eta: number | null
  changed_at: number
}

interface OrderRow {
  number: number
  price: number
  state: OrderState
  offer: number
  opened: number
  created_at: number
  pay_by: number
  changed_at: number
}

/** Throws when there is no such sale. `before` is the memory that was: its draw needs not be made again, and what it said was said. */
export function replay(ledger: Ledger, key: number, before: Book | null = null): Book {
  const row = ledger.one<SaleRow>("SELECT key, settings, phase, seed, drawn FROM sales WHERE key = ?", key)
  if (row === null) throw new Error(`There is no sale ${key}.`)
  const settings: SaleSettings = saleSchema.parse(JSON.parse(row.settings))
  const items = settings.items.map((item) => {
    const counts = ledger.one<{ total: number; available: number; held: number; sold: number }>(
      "SELECT total, available, held, sold FROM stock WHERE sale = ? AND item = ?",
      key,
      item.id,
    )
    if (counts === null) throw new Error(`The item ${item.id} of ${settings.id} has no stock row.`)
    return { id: item.id, price: item.price, counts }
  })
  const entrants = entrantsOf(row, settings, before)
  const book = new Book({
    books: ledger.books,
    key,
    settings,
    seed: row.seed,
    phase: row.phase,
    items,
    entrants,
  })
  for (const ticket of ticketsOf(ledger, book)) book.add(ticket)
  readOrders(ledger, book)
  if (entrants === null) book.serveBy(new Turns())
  else if (row.drawn !== null) serveDrawn(book, row.drawn, before?.turns ?? null)
  standWaiters(book)
  // Turns that have passed are in no table: whoever had one does not wait in the queue any more.
  nextInLine(book)
  if (before !== null) keepSaid(book, before)
  return book
}

/** The newest time in the books of a sale. */
export function newestTime(ledger: Ledger, { key, tickets }: Book): number {
  const sql = "SELECT max(at) AS at FROM outbox WHERE sale = ?"
  const told = ledger.one<{ at: number | null }>(sql, key)
  return Math.max(told?.at ?? 0, tickets.last?.admittedAt ?? 0)
}

/** Tickets with a row of their own and those still in the intake log, by number. */
function ticketsOf(ledger: Ledger, book: Book): Ticket[] {
  const places = new Map(book.settings.items.map((item, at) => [item.id, at]))
  const tickets: Ticket[] = []
  const rows = ledger.all<TicketRow>("SELECT * FROM tickets WHERE sale = ? ORDER BY number", book.key)
  for (const row of rows) {
    tickets[row.number - 1] = {
      number: row.number,
      user: row.user,
      item: places.get(row.item) ?? 0,
      key: null,
      keyHash: keyHashOf(row.key),
      admittedAt: row.admitted_at,
      deadline: row.deadline,
      place: row.place,
      eta: row.eta,
      previous: null,
      state: row.state,
      version: row.version,
      changedAt: row.changed_at,
      waitListPlace: 0,
      batch: null,
      order: null,
      promisedAt: promisedAt(row.admitted_at, row.eta),
      told: 0,
    }
  }
  const batches = ledger.all<{ batch: number; first: number; entries: string }>(
    "SELECT batch, first, entries FROM intake WHERE sale = ? ORDER BY first",
    book.key,
  )
  for (const { batch: id, first, entries } of batches) {
    const batch: Batch = { id, left: 0 }
    for (const [at, entry] of (JSON.parse(entries) as IntakeEntry[]).entries()) {
      if (tickets[first + at - 1]) continue
      batch.left += 1
      tickets[first + at - 1] = ticketFrom(first + at, entry, batch)
    }
  }
  return chained(tickets)
}

/** A ticket as it comes out of the intake log: queued, and nothing else has happened to it. */
export function ticketFrom(
  number: number,
  entry: IntakeEntry,
  batch: Batch,
  previous: Ticket | null = null,
): Ticket {
  const [user, item, key, admittedAt, deadline, place, eta] = entry
  return {
    number,
    user,
    item,
    key,
    keyHash: keyHashOf(key),
    admittedAt,
    deadline,
    place,
    eta,
    previous,
    state: "queued",
    version: 1,
    changedAt: admittedAt,
    waitListPlace: 0,
    batch,
    order: null,
    promisedAt: promisedAt(admittedAt, eta),
    told: 0,
  }
}

const promisedAt = (admittedAt: number, eta: number | null): number | null =>
  eta === null ? null : admittedAt + eta * 1000

/** Ties each ticket to the one that its user held before. */
function chained(tickets: readonly Ticket[]): Ticket[] {
  const latest = new Map<string, Ticket>()
  return tickets.map((ticket, at) => {
    if (!ticket) throw new Error(`Ticket ${at + 1} is neither in the tickets nor in the intake log.`)
    const previous = latest.get(ticket.user) ?? null
    const tied = previous === null ? ticket : { ...ticket, previous }
    latest.set(ticket.user, tied)
    return tied
  })
}

function readOrders(ledger: Ledger, book: Book): void {
  const rows = ledger.all<OrderRow>("SELECT * FROM orders WHERE sale = ? ORDER BY pay_by, number", book.key)
  for (const row of rows) {
    const ticket = book.tickets.get(row.number) as Ticket
    const order: Order = {
      ticket,
      price: row.price,
      offer: row.offer === 1,
      createdAt: row.created_at,
      payBy: row.pay_by,
      state: row.state,
      opened: row.opened === 1,
      changedAt: row.changed_at,
    }
    ticket.order = order
    if (order.state !== "pending") continue
    book.itemOf(ticket).pending += 1
    ;(order.offer ? book.offers : book.unpaid).join(order)
  }
}

function entrantsOf(
  { seed, drawn }: SaleRow,
  { id, mode }: SaleSettings,
  before: Book | null,
): Entrants | null {
  if (mode === "first-come") return null
  const known = before?.entrants ?? null
  const isRight = known !== null && known.digests.length <= (drawn ?? Infinity)
  return isRight ? known : new Entrants(id, seed)
}

function serveDrawn(book: Book, drawn: number, known: Turns | null): void {
  const entrants = book.entrants as Entrants
  entrants.take(book.tickets, drawn - entrants.digests.length)
  book.serveBy(known ?? entrants.turns())
  noteDrawn(book, drawn)
}

/** The draw is the second version of what those are shown who wait for it. */
export function noteDrawn({ tickets }: Book, drawn: number): void {
  for (let number = 1; number <= drawn; number++) {
    const ticket = tickets.get(number) as Ticket
    // With a row of their own they were past the queue, before the draw or after it.
    if (ticket.batch !== null) ticket.version = 2
  }
}

/** What was said to a ticket's holder is in no table, and was said all the same. */
function keepSaid(book: Book, before: Book): void {
  const { tickets } = book
  for (const number of before.aside) book.setAside(tickets.get(number) as Ticket)
  for (const { number, promisedAt, told } of before.tickets) {
    const ticket = tickets.get(number) as Ticket
    ticket.promisedAt = promisedAt
    ticket.told = told
  }
}

/** Puts everybody back on the wait-lists, in the order of service. */
function standWaiters(book: Book): void {
  const waiting: Ticket[] = []
  for (const ticket of book.tickets) if (ticket.state === "waitlisted") waiting.push(ticket)
  waiting.sort((a, b) => (book.turnOf(a) ?? 0) - (book.turnOf(b) ?? 0))
  for (const ticket of waiting) book.joinWaitList(ticket)
}
