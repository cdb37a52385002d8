// A sale as it is held in memory, from which every refusal and every decision is made. It follows the tables: what is
// here was written first, or is thrown away and read again.
import type { OrderState } from "../../model/order.ts"
import type { SalePhase, SaleSettings } from "../../model/sale.ts"
import { isWaiting, type TicketState } from "../../model/ticket.ts"
import { Turns } from "../../model/turns.ts"
import type { UnitCounts } from "../../model/unit.ts"
import { Deadlines } from "./deadlines.ts"
import { Departures } from "./departures.ts"
import type { Entrants } from "./entrants.ts"
import { TicketsByUser } from "./tickets-by-user.ts"
import { Line } from "./line.ts"
import { readReference, referenceOf } from "../trade-reference.ts"
import { Tickets } from "./tickets.ts"

/** A row of admitted tickets in the intake log, until each has a row of its own. */
export interface Batch {
  readonly id: number
  left: number
}

export interface Order {
  readonly ticket: Ticket
  readonly price: number
  readonly offer: boolean
  readonly createdAt: number
  readonly payBy: number
  state: OrderState
  opened: boolean
  changedAt: number
}

export interface Ticket {
  readonly number: number
  readonly user: string
  /** Index in the sale's items. */
  readonly item: number
  /** Null once it stands in a row of the ticket's own; see `enteredWith`. */
  key: string | null
  readonly keyHash: number
  readonly admittedAt: number
  readonly deadline: number
  /** Position and seconds to wait as they were answered: the same key gets the same answer. */
  readonly place: number | null
  readonly eta: number | null
  /** The ticket that the same user held before. */
  readonly previous: Ticket | null
  state: TicketState
  version: number
  changedAt: number
  /** Its place on its item's wait-list, once it stood there. */
  waitListPlace: number
  /** Where it is written while it has no row of its own. */
  batch: Batch | null
  order: Order | null
  /** When its turn comes, by what was shown last; it never becomes later. */
  promisedAt: number | null
  /** The newest version that listeners have been told. */
  told: number
}

export interface Item {
  readonly id: string
  readonly price: number
  readonly counts: UnitCounts
  readonly waitList: Line<Ticket>
  /** Seats given out on the wait-list, and who has left theirs. */
  waitListPlaces: number
  readonly departures: Departures
  /** Tickets in the queue for it, on its wait-list, and unpaid orders of it. */
  queued: number
  waitlisted: number
  pending: number
  /** Turns up to here were told already that it is gone. */
  goneUntil: number
  changed: boolean
}

export class Book {
  /** The identity of the books that it is in. */
  readonly books: string
  readonly key: number
  settings: SaleSettings
  readonly seed: string
  readonly items: readonly Item[]
  /** Who is in the draw; null where nothing is drawn. */
  readonly entrants: Entrants | null
  phase: SalePhase
  /** Null while a draw is still to come. Set by `serveBy`. */
  turns: Turns | null = null
  inflowPerSecond: number | null
  readonly tickets = new Tickets()
  readonly byUser = new TicketsByUser(this.tickets)
  /** Numbers of tickets of which nothing can be written down any more; see `setAside`. */
  readonly aside = new Set<number>()
  /** Unpaid orders by the time they have, the first to end first. */
  readonly unpaid = new Line<Order>((order) => this.isUnpaid(order))
  readonly offers = new Line<Order>((order) => this.isUnpaid(order))
  readonly deadlines = new Deadlines()
  /** Turns of those who are not in the queue any more, whether their turn has passed or not. */
  readonly departures = new Departures()
  /** Turns that have passed. */
  served = 0
  /** Tickets up to here do not wait any more because the sale was closed. */
  rejected = 0
  queued = 0
  waitlisted = 0

  constructor(facts: {
    books: string
    key: number
    settings: SaleSettings
    seed: string
    phase: SalePhase
    items: readonly Pick<Item, "id" | "price" | "counts">[]
    entrants: Entrants | null
  }) {
    this.books = facts.books
    this.key = facts.key
    this.settings = facts.settings
    this.seed = facts.seed
    this.phase = facts.phase
    this.entrants = facts.entrants
    this.inflowPerSecond = facts.settings.inflowPerSecond
    this.items = facts.items.map((item) => ({
      ...item,
      waitList: new Line<Ticket>((ticket) => ticket.state === "waitlisted"),
      waitListPlaces: 0,
      departures: new Departures(),
      queued: 0,
      waitlisted: 0,
      pending: 0,
      goneUntil: 0,
      changed: false,
    }))
  }

  /** Adds a ticket as it was written, with its number the next one. */
  add(ticket: Ticket): void {
    this.tickets.push(ticket)
    this.byUser.note(ticket)
    this.deadlines.add(ticket.number, ticket.deadline)
    this.count(ticket, 1)
  }

  /** Takes a ticket from one state to another, with everything that counts tickets. */
  move(ticket: Ticket, state: TicketState): void {
    this.count(ticket, -1)
    if (ticket.state === "queued") {
      const turn = this.turnOf(ticket)
      if (turn !== null) this.departures.mark(turn)
    } else if (ticket.state === "waitlisted") this.itemOf(ticket).departures.mark(ticket.waitListPlace)
    ticket.state = state
    this.count(ticket, 1)
    if (state === "waitlisted") this.joinWaitList(ticket)
  }

  /** Puts a ticket at the end of its item's wait-list. */
  joinWaitList(ticket: Ticket): void {
    const item = this.itemOf(ticket)
    ticket.waitListPlace = ++item.waitListPlaces
    item.waitList.join(ticket)
  }

  /** Decides the order of service. Who has left before it keeps a turn that nobody waits for. */
  serveBy(turns: Turns): void {
    this.turns = turns
    for (const ticket of this.tickets)
      if (ticket.state !== "queued") this.departures.mark(turns.turnOf(ticket.number))
  }

  /** How many are before a ticket that waits, itself included: in the queue, or on its item's wait-list. Null before a draw. */
  positionOf(ticket: Ticket): number | null {
    if (ticket.state === "waitlisted")
      return ticket.waitListPlace - this.itemOf(ticket).departures.upTo(ticket.waitListPlace)
    const turn = ticket.state === "queued" ? this.turnOf(ticket) : null
    return turn === null ? null : turn - this.departures.upTo(turn)
  }

  /**
   * Passes over a ticket, and its order, of which nothing can be written down: those behind it must not wait for it. In memory alone, and
   * told to nobody. The books say that it waits, and who checks them finds it past its deadline.
   */
  setAside(ticket: Ticket): void {
    this.aside.add(ticket.number)
    if (isWaiting(ticket.state)) this.move(ticket, "failed")
  }

  private isUnpaid({ state, ticket }: Order): boolean {
    return state === "pending" && !this.aside.has(ticket.number)
  }

  private count(ticket: Ticket, by: 1 | -1): void {
    if (!isWaiting(ticket.state)) return
    this[ticket.state as "queued" | "waitlisted"] += by
    this.itemOf(ticket)[ticket.state as "queued" | "waitlisted"] += by
  }

  itemOf(ticket: Ticket): Item {
    return this.items[ticket.item] as Item
  }

  /** What an order is called at the payment provider. */
  referenceOf(order: Order): string {
    return referenceOf(this.books, this.settings.id, order)
  }

  /** The number of the order that a reference is of; of one that these books do not have, whatever they have in its place, 0. */
  numberIn(reference: string): number {
    const { number } = readReference(reference)
    const order = this.tickets.get(number)?.order ?? null
    return order !== null && this.referenceOf(order) !== reference ? 0 : number
  }

  turnOf(ticket: Ticket): number | null {
    return this.turns?.turnOf(ticket.number) ?? null
  }

  /** Unpaid orders. */
  get pending(): number {
    return this.items.reduce((sum, item) => sum + item.pending, 0)
  }

  /** Tickets and unpaid orders alive: what the capacity bounds. */
  get live(): number {
    return this.queued + this.waitlisted + this.pending
  }
}
