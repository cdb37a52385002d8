// The one writer of a sale. Every method is one transaction on the ledger and the same change in memory; when a
// transaction fails that has changed the memory, it is read again, as after a restart. Knows no HTTP, no payment provider and no channel.
import type { Ledger } from "../ledger/ledger.ts"
import type { IntakeEntry } from "../ledger/stored-rows.ts"
import { isOfTheDisk } from "../ledger/trouble.ts"
import { type QueuePace, secondsFor, type Wait } from "../model/estimate.ts"
import {
  decidesAt,
  type SalePhase,
  saleSchema,
  type SaleSettings,
  startingAt,
  startingBy,
} from "../model/sale.ts"
import { isWaiting } from "../model/ticket.ts"
import { SaleTransaction, type SaleChanges } from "./sale-transaction.ts"
import { Allowance, decisionsMax } from "./allowance.ts"
import { BackOff } from "./back-off.ts"
import {
  decideNext,
  isOwed,
  nextInLine,
  settleItem,
  someAreHopeless,
  surplusOf,
  tellHopeless,
} from "./decide.ts"
import { Drawing } from "./drawing.ts"
import { enteredWith } from "./memory/entry-key.ts"
import type { Batch, Book, Order, Ticket } from "./memory/memory.ts"
import { endUnpaid, type Payment, refundDone, returnMoney, takeBack, takeMoney } from "./money.ts"
import { newestTime, replay, ticketFrom } from "./replay.ts"
import { WaitEstimates } from "./wait-estimates.ts"
import { SaleClock } from "./sale-clock.ts"
import { expireTickets, isSpent, lastChange, leave, overdueOrders, rejectWaiting } from "./sweep.ts"

export interface SaleOptions {
  readonly ledger: Ledger
  readonly key: number
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Milliseconds that nobody sets: a clock that was ahead must not hold anything up. Default: `clock`. */
  readonly ticks?: () => number
  /** Whether the shop is told of orders: each event is then an errand. */
  readonly webhooks: boolean
  /** Told of what a committed transaction changed. */
  readonly onTold: (sale: Sale, told: SaleChanges) => void
}

/** Somebody whom the desk lets in. */
interface Entrant {
  readonly user: string
  readonly item: number
  readonly key: string
}

/** A ticket that breaks so many transactions is told so; the others go on. */
const failuresMax = 3

/** How long a sale that is sold out stays open: an order that is taken back puts its unit on sale again. */
const spentMs = 86_400_000

export class Sale {
  readonly key: number
  private readonly estimates = new WaitEstimates()
  private readonly options: SaleOptions
  private current: Book
  private readonly clock: SaleClock
  private readonly ticks: () => number
  private readonly allowance: Allowance
  private readonly drawing: Drawing
  private readonly backOff = new BackOff()
  private isAhead = false
  private spentSince: number | null = null
  /** How often the memory was read again, for the metric. Each costs a microsecond or two for each ticket. */
  replays = 0
  /** How many transactions have failed with a ticket in hand, by its number. */
  private readonly failures = new Map<number, number>()

  constructor(options: SaleOptions) {
    this.options = options
    this.key = options.key
    this.current = replay(options.ledger, options.key)
    const { clock, ticks = clock } = options
    this.ticks = ticks
    this.clock = new SaleClock({ clock, ticks, newest: newestTime(options.ledger, this.current) })
    this.allowance = new Allowance(this.ticks())
    this.drawing = new Drawing({
      ledger: options.ledger,
      key: options.key,
      tell: (tickets) => options.onTold(this, { outbox: null, tickets, decided: [], soldOutChanged: false }),
    })
  }

  get book(): Book {
    // It could not be read after a failure. Nothing is told or decided from a memory that is ahead of the tables.
    if (this.isAhead) this.readAgain()
    return this.current
  }

  get id(): string {
    return this.current.settings.id
  }

  /** The time of the sale, which never goes back. */
  now(): number {
    return this.clock.now()
  }

  /** How far that is ahead of the system's clock, in milliseconds. */
  get aheadMs(): number {
    return this.clock.aheadMs
  }

  get pace(): QueuePace {
    return this.estimates.paceOf(this.book)
  }

  /** How long somebody in the queue still waits. What is said is remembered, and never climbs. */
  waitOf(ticket: Ticket): Wait {
    return this.estimates.waitOf(this.book, ticket, this.now())
  }

  /** Writes down a batch of tickets in one row. They are durable when this returns. */
  admit(entrants: readonly Entrant[]): Ticket[] {
    const now = this.now()
    const { book } = this
    const first = book.tickets.length + 1
    const deadline = Math.max(now, decidesAt(book.settings)) + book.settings.ticketSeconds * 1000
    const perSecond = this.estimates.promisedPace(book)
    const entries = entrants.map(({ user, item, key }, at): IntakeEntry => {
      // Whoever comes stands last, but for a draw that is still to come.
      const place = book.turns === null ? null : book.queued + at + 1
      const eta = place === null ? null : secondsFor(place, perSecond)
      return [user, item, key, now, deadline, place, eta]
    })
    // Nothing of it is in memory yet, so a failure costs nothing but the answer.
    const id = this.options.ledger.transaction("intake", () =>
      this.options.ledger.insert(
        "INSERT INTO intake (sale, first, count, entries) VALUES (?, ?, ?, ?)",
        this.key,
        first,
        entries.length,
        JSON.stringify(entries),
      ),
    )
    const batch: Batch = { id, left: entries.length }
    return entries.map((entry, at) => {
      const ticket = ticketFrom(first + at, entry, batch, book.byUser.get(entry[0]) ?? null)
      book.add(ticket)
      return ticket
    })
  }

  /** Whether a ticket was entered with this key. */
  enteredWith(ticket: Ticket, key: string): boolean {
    return enteredWith(this.options.ledger, this.key, ticket, key)
  }

  /** One turn of what is due: phases, deadlines, and so many decisions. True when there is more to do at once. */
  step(decisions = decisionsMax): boolean {
    const now = this.now()
    if (this.backOff.holds(this.ticks())) return false
    try {
      this.giveUp()
      this.turnPhase(now)
      const drawing = this.drawing.work(this.book)
      const swept = this.sweep(now)
      const decided = this.decide(decisions)
      this.estimates.measure(this.book, this.ticks())
      return drawing || swept || decided
    } catch (error) {
      this.backOff.failed(error, this.ticks())
      throw error
    }
  }

  /** Whether the provider may know of an order, written before it is asked. */
  markOpened(order: Order): void {
    if (order.opened) return
    this.set(
      "open payment",
      "UPDATE orders SET opened = 1 WHERE number = ? AND sale = ?",
      order.ticket.number,
    )
    order.opened = true
  }

  /** Takes a payment that the provider tells of. Money for an order that there is not goes back. */
  receive(reference: string, payment: Payment): void {
    this.pay(this.book.numberIn(reference), payment)
  }

  /** Takes a payment. Money for an order that there is not goes back. */
  pay(number: number, payment: Payment): void {
    const order = this.orderOf(number)
    this.act("payment", (act) =>
      order === null ? returnMoney(act, number, payment) : takeMoney(act, order, payment),
    )
  }

  /** Ends an unpaid order. False when it was not unpaid any more. `isOpen`: its trade may still be paid. */
  end(number: number, event: "timeout" | "cancel", isOpen = false): boolean {
    const order = this.orderOf(number)
    return order?.state === "pending" && this.act(event, (act) => endUnpaid(act, order, event, isOpen))
  }

  /** Ends unpaid orders of whose trades nothing is known, all in one transaction; their trades stay to be asked for. */
  endOpen(orders: readonly Order[]): void {
    this.act("timeout", (act) => {
      for (const order of orders) endUnpaid(act, order, "timeout", true)
    })
  }

  takeBack(number: number): boolean {
    const order = this.orderOf(number)
    return order?.state === "paid" && this.act("take back", (act) => takeBack(act, order))
  }

  refunded(number: number, payment: string): void {
    this.act("refunded", (act) => refundDone(act, number, payment))
  }

  leave(ticket: Ticket): boolean {
    return this.act("leave", (act) => leave(act, ticket))
  }

  setPhase(phase: SalePhase): void {
    this.set("phase", "UPDATE sales SET phase = ? WHERE key = ?", phase)
    this.book.phase = phase
  }

  /** Starts now instead of at its time. */
  openNow(): void {
    this.saveSettings(startingBy(this.book.settings, this.now()))
    this.setPhase("open")
  }

  /**
   * Moves the start; lobby and draw keep their distance from it. False when the sale has begun, when somebody holds a
   * ticket, whose deadline follows from the start, or when it would be over before it begins.
   */
  reschedule(startsAt: number): boolean {
    const { settings, phase, tickets } = this.book
    if (phase !== "scheduled" || tickets.length > 0 || startsAt >= (settings.endsAt ?? Infinity)) return false
    this.saveSettings(startingAt(settings, startsAt))
    return true
  }

  setInflow(perSecond: number | null): void {
    this.saveSettings({ ...this.book.settings, inflowPerSecond: perSecond })
    this.book.inflowPerSecond = perSecond
  }

  /** Unpaid orders whose time is up and which the payment provider may know of: it has the first word. */
  overdue(limit: number): Order[] {
    const now = this.now()
    // What became of them could not be written down.
    return this.backOff.holds(this.ticks()) ? [] : overdueOrders(this.book, { now, limit, opened: true })
  }

  orderOf(number: number): Order | null {
    return this.book.tickets.get(number)?.order ?? null
  }

  /** Moves on by the clock: opens, draws, closes. */
  private turnPhase(now: number): void {
    const { book } = this
    const { settings } = book
    if (book.phase === "scheduled" && now >= settings.startsAt) this.setPhase("open")
    if (book.turns === null && now >= decidesAt(settings) && book.phase !== "scheduled")
      this.drawing.draw(book)
    if (book.phase !== "closed" && (now >= (settings.endsAt ?? Infinity) || this.isOver(now)))
      this.setPhase("closed")
  }

  /** Whether nothing has happened for a day in a sale in which nothing can: it would stay for ever. */
  private isOver(now: number): boolean {
    if (!isSpent(this.book)) this.spentSince = null
    else this.spentSince ??= lastChange(this.book)
    return this.spentSince !== null && now - this.spentSince >= spentMs
  }

  private sweep(now: number): boolean {
    const { book } = this
    const tickets = book.deadlines.overdue(book.tickets, now, decisionsMax)
    const orders = overdueOrders(book, { now, limit: decisionsMax, opened: false })
    const closing = book.phase === "closed" && book.queued + book.waitlisted > 0
    const crowded = book.items.filter(
      (item) => (book.phase === "open" && isOwed(item)) || surplusOf(book, item) > 0,
    )
    if (tickets.length === 0 && orders.length === 0 && crowded.length === 0 && !closing) return false
    this.write("sweep", (act) => {
      expireTickets(act, tickets)
      for (const order of orders) endUnpaid(act, order, "timeout")
      if (closing) rejectWaiting(act, decisionsMax)
      else for (const item of crowded) settleItem(act, item)
    })
    return true
  }

  private decide(most: number): boolean {
    const { book } = this
    if (book.phase !== "open" && book.phase !== "paused") return false
    // Who is on a wait-list stands before everybody in the queue.
    if (book.phase === "open" && book.items.some(isOwed)) return true
    // Apart from the decisions: what fails there is the fault of a ticket among them.
    const hopeless = someAreHopeless(book)
    if (hopeless) this.write("hopeless", (act) => tellHopeless(act, decisionsMax))
    const allowed = this.allowance.at(this.ticks(), most, book.inflowPerSecond)
    const ticket = allowed > 0 && book.phase === "open" ? nextInLine(book) : null
    if (ticket === null) return hopeless
    const decided = this.write("decide", (act) => decideNext(act, allowed))
    this.allowance.spend(decided)
    this.estimates.decided(decided)
    return true
  }

  /** Tickets that break every transaction they are in must not hold up those behind them. */
  private giveUp(): void {
    for (const [number, failures] of this.failures) {
      if (failures < failuresMax) continue
      this.failures.delete(number)
      this.giveUpOn(number)
    }
  }

  private giveUpOn(number: number): void {
    const ticket = this.book.tickets.get(number) as Ticket
    try {
      if (isWaiting(ticket.state)) this.write("fail", (act) => act.moveTicket(ticket, "fail"))
      else this.book.setAside(ticket)
    } catch (error) {
      if (isOfTheDisk(error)) throw error
      this.book.setAside(this.book.tickets.get(number) as Ticket)
    }
  }

  private saveSettings(wanted: SaleSettings): void {
    // What a restart could not read must not get into the books.
    const settings = saleSchema.parse(wanted)
    this.set("settings", "UPDATE sales SET settings = ? WHERE key = ?", JSON.stringify(settings))
    this.book.settings = settings
  }

  /** Writes one value of this sale. The memory follows after it, so there is nothing to undo when it fails. */
  private set(name: string, sql: string, value: string | number): void {
    const { ledger } = this.options
    ledger.transaction(name, () => ledger.run(sql, value, this.key))
  }

  /** A change that somebody asks for. While writing fails it is refused at once. */
  private act<T>(name: string, steps: (act: SaleTransaction) => T): T {
    this.backOff.check(this.ticks())
    try {
      return this.write(name, steps)
    } catch (error) {
      this.backOff.failed(error, this.ticks())
      throw error
    }
  }

  private write<T>(name: string, steps: (act: SaleTransaction) => T): T {
    const { ledger, webhooks, onTold } = this.options
    const { book } = this
    const act = new SaleTransaction({ ledger, book, now: this.now(), webhooks })
    let written: { readonly answer: T; readonly told: SaleChanges }
    try {
      written = ledger.transaction(name, () => {
        const answer = steps(act)
        return { answer, told: act.finish() }
      })
    } catch (error) {
      // It has left the memory ahead of the tables, which are right.
      this.isAhead = true
      this.readAgain()
      const number = act.about?.number
      if (number !== undefined && !isOfTheDisk(error))
        this.failures.set(number, (this.failures.get(number) ?? 0) + 1)
      throw error
    }
    onTold(this, written.told)
    return written.answer
  }

  private readAgain(): void {
    this.replays += 1
    this.current = replay(this.options.ledger, this.key, this.current)
    this.isAhead = false
  }
}
