// One transaction's worth of changes to a sale: each goes through its state table, into a row and into memory. Stock,
// results and finished batches are written once at the end. When the transaction fails the memory is thrown away.
import type { Ledger } from "../ledger/ledger.ts"
import type { Result } from "../ledger/stored-rows.ts"
import { next } from "../model/machine.ts"
import { type OrderEvent, orderMachine } from "../model/order.ts"
import { type TicketEvent, ticketMachine, type TicketState } from "../model/ticket.ts"
import { moveUnit, type UnitEvent } from "../model/unit.ts"
import type { ShopEvent } from "../model/wire/api.ts"
import {
  type OutboundTaskKind,
  type MoneyTold,
  shopTold,
  writeOutboundTask,
  writeShopEvent,
} from "./outbound-task.ts"
import type { Book, Item, Order, Ticket } from "./memory/memory.ts"

/** What a transaction leaves to be told, once it is committed. */
export interface SaleChanges {
  /** The outbox row, or null when there is nothing to tell. */
  readonly outbox: number | null
  readonly tickets: readonly Ticket[]
  /** Those of them whose wait in the queue ended. */
  readonly decided: readonly Ticket[]
  /** Whether an item sold out or came back. */
  readonly soldOutChanged: boolean
}

export class SaleTransaction {
  readonly ledger: Ledger
  readonly book: Book
  readonly now: number
  /** Tickets on a wait-list that it gave an offer or the plain truth: there is a bound for each transaction. */
  settled = 0
  /** The ticket that is being changed: what is thrown meanwhile is its fault. */
  about: Ticket | null = null
  private readonly webhooks: boolean
  private readonly changed = new Set<Ticket>()
  private readonly decided: Ticket[] = []
  private readonly finished: number[] = []
  private readonly wasOut: readonly boolean[]

  constructor(options: { ledger: Ledger; book: Book; now: number; webhooks: boolean }) {
    this.ledger = options.ledger
    this.book = options.book
    this.now = options.now
    this.webhooks = options.webhooks
    this.wasOut = this.book.items.map((item) => item.counts.available === 0)
  }

  /** Fires an event at a ticket. False when it means nothing to it any more. */
  moveTicket(ticket: Ticket, event: TicketEvent): boolean {
    this.about = ticket
    const state = next(ticketMachine, ticket.state, event)
    if (state === ticket.state) return false
    const before = ticket.state
    this.book.move(ticket, state)
    this.touch(ticket)
    this.write(ticket, before)
    if (before === "queued") this.decided.push(ticket)
    return true
  }

  /** Gives a ticket a unit, and its buyer an order to pay. */
  win(ticket: Ticket, offer: boolean): Order {
    const { settings, key } = this.book
    const item = this.book.itemOf(ticket)
    this.moveTicket(ticket, "win")
    this.moveUnit(item, "hold")
    const order: Order = {
      ticket,
      offer,
      price: item.price,
      createdAt: this.now,
      payBy: this.now + (offer ? settings.offerSeconds : settings.payBySeconds) * 1000,
      state: "pending",
      opened: false,
      changedAt: this.now,
    }
    ticket.order = order
    item.pending += 1
    ;(offer ? this.book.offers : this.book.unpaid).join(order)
    this.ledger.run(
      "INSERT INTO orders (sale, number, user, item, price, state, offer, created_at, pay_by, changed_at) VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)",
      key,
      ticket.number,
      ticket.user,
      item.id,
      order.price,
      offer ? 1 : 0,
      this.now,
      order.payBy,
      this.now,
    )
    this.tellShop("won", ticket.number)
    return order
  }

  /** Fires an event at an order, by compare-and-set. False when it means nothing to it any more. */
  moveOrder(order: Order, event: OrderEvent, money: MoneyTold | null = null): boolean {
    this.about = order.ticket
    const before = order.state
    const state = next(orderMachine, before, event)
    if (state === before) return false
    const rows = this.ledger.run(
      "UPDATE orders SET state = ?, changed_at = ? WHERE sale = ? AND number = ? AND state = ?",
      state,
      this.now,
      this.book.key,
      order.ticket.number,
      before,
    )
    if (rows !== 1) throw new Error(`Order ${order.ticket.number} is not ${before} on disk.`)
    if (before === "pending") this.book.itemOf(order.ticket).pending -= 1
    order.state = state
    order.changedAt = this.now
    this.touch(order.ticket)
    this.write(order.ticket, order.ticket.state)
    if (state === "paid" || state === "expired" || state === "cancelled" || state === "refunded")
      this.tellShop(state, order.ticket.number, money)
    return true
  }

  moveUnit(item: Item, event: UnitEvent): void {
    moveUnit(item.counts, event)
    item.changed = true
  }

  /** Something to be done outside, tried until it is: it is as durable as what it follows from. */
  addTask(kind: Exclude<OutboundTaskKind, "webhook">, body: Readonly<Record<string, unknown>>): void {
    writeOutboundTask(this.ledger, kind, body, this.now)
  }

  /** Tells the shop's other systems, where there are any, what became of a number's order or of money for it. */
  tellShop(event: ShopEvent, number: number, money: MoneyTold | null = null): void {
    if (!this.webhooks) return
    const { book, now: at } = this
    const { id: sale, currency } = book.settings
    const order = book.tickets.get(number)?.order ?? null
    const item = order && book.itemOf(order.ticket).id
    writeShopEvent(this.ledger, shopTold({ event, at, sale, number, currency, order, item, money }))
  }

  /** Writes what is written once a transaction. The last step of it. */
  finish(): SaleChanges {
    this.about = null
    const { key, items } = this.book
    for (const item of items) if (item.changed) this.writeStock(item)
    for (const batch of this.finished) this.ledger.run("DELETE FROM intake WHERE batch = ?", batch)
    const results: Result[] = []
    for (const { number, version, state, order } of this.changed)
      results.push([number, version, state, order?.state ?? null])
    const outbox =
      results.length === 0
        ? null
        : this.ledger.insert(
            "INSERT INTO outbox (sale, at, results) VALUES (?, ?, ?)",
            key,
            this.now,
            JSON.stringify(results),
          )
    let soldOutChanged = false
    for (const [at, item] of items.entries()) {
      if (this.wasOut[at] === (item.counts.available === 0)) continue
      soldOutChanged = true
    }
    return { outbox, tickets: [...this.changed], decided: this.decided, soldOutChanged }
  }

  private touch(ticket: Ticket): void {
    // Several changes in one transaction are shown as one: nobody can have seen what was between.
    if (!this.changed.has(ticket)) ticket.version += 1
    ticket.changedAt = this.now
    this.changed.add(ticket)
  }

  private write(ticket: Ticket, before: TicketState): void {
    const { key } = this.book
    if (ticket.batch === null) {
      const rows = this.ledger.run(
        "UPDATE tickets SET state = ?, version = ?, changed_at = ? WHERE sale = ? AND number = ? AND state = ?",
        ticket.state,
        ticket.version,
        this.now,
        key,
        ticket.number,
        before,
      )
      if (rows !== 1) throw new Error(`Ticket ${ticket.number} is not ${before} on disk.`)
      return
    }
    this.ledger.run(
      "INSERT INTO tickets (sale, number, user, item, key, state, version, admitted_at, deadline, place, eta, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      key,
      ticket.number,
      ticket.user,
      this.book.itemOf(ticket).id,
      ticket.key,
      ticket.state,
      ticket.version,
      ticket.admittedAt,
      ticket.deadline,
      ticket.place,
      ticket.eta,
      this.now,
    )
    const { batch } = ticket
    ticket.batch = null
    ticket.key = null
    if (--batch.left === 0) this.finished.push(batch.id)
  }

  private writeStock(item: Item): void {
    const { available, held, sold } = item.counts
    item.changed = false
    this.ledger.run(
      "UPDATE stock SET available = ?, held = ?, sold = ? WHERE sale = ? AND item = ?",
      available,
      held,
      sold,
      this.book.key,
      item.id,
    )
  }
}
