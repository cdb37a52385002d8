// Tells each ticket's holder how it stands. What is sent is always the whole newest record, so a change that overtakes
// another, a repeat and a crash between sending and noting it do no harm. Who listens is told first, and of those who can
// act on it.
import type { SaleChanges } from "../book/sale-transaction.ts"
import type { Ticket } from "../book/memory/memory.ts"
import type { Sale } from "../book/sale.ts"
import type { Ledger } from "../ledger/ledger.ts"
import { resultChannel } from "../model/record.ts"
import { isWaiting } from "../model/ticket.ts"
import { SendLimiter } from "./send-limiter.ts"
import type { LabaPublisher } from "./laba/laba-publisher.ts"
import { recordOf } from "./record-of.ts"
import { type DueResult, ResultQueue } from "./result-queue.ts"
import { standingTicket } from "./standing-ticket.ts"
import { ListeningUsers } from "./listening-users.ts"

interface ResultSenderOptions {
  readonly ledger: Ledger
  readonly loudspeaker: LabaPublisher
  readonly log: (line: string) => void
  /** How soon a telling that failed is tried again. Default 500. */
  readonly retryMs?: number
  /**
   * On their way at once. Laba answers after a group commit of some ms, so few of them would be slow. Default 1024: more
   * would fail for having waited, when Laba is far.
   */
  readonly inFlightMax?: number
  /** Who listens. Default: nobody is known to, and all are told in turn. */
  readonly watchers?: ListeningUsers
}

/**
 * New tickets told a second that they wait. In a burst there are more, and telling them would take the time in which they
 * are decided; who looks is told at once all the same.
 */
const freshMax = 2000

/** How long one turn may hold the loop. */
const sliceMax = 256

/** How soon those are looked at again who have to wait while a crowd clicks. */
const lookAgainMs = 50

/** What waits for results to arrive: an outbox row to be noted as sent, or who is about to look. */
interface Receipt {
  /** Tickets that have not been told yet. */
  left: number
  readonly arrived: () => void
}

/** A record that is on its way. A newer one waits for it to arrive: two on their way could change places. */
interface Flight {
  readonly version: number
  /** What came meanwhile. */
  readonly receipts: Receipt[]
  again: boolean
}

export class ResultSender {
  private readonly options: ResultSenderOptions
  private readonly watchers: ListeningUsers
  private readonly queue: ResultQueue<Receipt>
  private readonly leisure: SendLimiter
  /** By the number of a ticket. */
  private readonly flying = new Map<Sale, Map<number, Flight>>()
  /** Tickets up to there are not new any more. */
  private readonly seen = new Map<Sale, number>()
  private readonly sent: number[] = []
  private readonly inFlightMax: number
  private inFlight = 0
  private running = false
  private looking: ReturnType<typeof setTimeout> | null = null
  private closed = false
  /** Records that went out, for the metric. */
  told = 0
  failures = 0

  constructor(options: ResultSenderOptions) {
    this.options = options
    this.inFlightMax = options.inFlightMax ?? 1024
    this.watchers = options.watchers ?? new ListeningUsers()
    this.queue = new ResultQueue((sale, user) => this.watchers.has(sale, user))
    this.leisure = new SendLimiter({ most: this.inFlightMax, yields: options.watchers !== undefined })
  }

  /** Those who wait to be told. */
  get backlog(): number {
    let count = this.queue.size
    for (const flights of this.flying.values()) count += flights.size
    return count
  }

  /** Takes up what a transaction wrote into the outbox. */
  add(sale: Sale, { outbox, tickets }: SaleChanges): void {
    this.queue.add(sale, tickets, {
      receipts: outbox === null ? [] : [this.receiptOf(outbox, tickets.length)],
      // What is not in the outbox nobody else tells.
      always: outbox === null,
    })
    this.run()
  }

  /** Tells one ticket's holder, at once or again. */
  tell(sale: Sale, ticket: Ticket, receipts: readonly Receipt[] = []): void {
    this.queue.add(sale, [ticket], { receipts, always: true })
    this.run()
  }

  /** Somebody clicks: in a crowd of them, whom nobody listens to is told later. */
  yield(): void {
    this.leisure.clicked(performance.now())
  }

  /**
   * Once a second: tells those with new tickets that they wait, some at a time. Most are decided within ms, and then that is
   * the one word that they get; who looks before it is told by `tellNow`.
   */
  tellFresh(sales: readonly Sale[]): void {
    let left = freshMax
    for (const sale of sales) {
      const { tickets } = sale.book
      let number = this.seen.get(sale) ?? 0
      while (number < tickets.length && left > 0) {
        const ticket = tickets.get(++number) as Ticket
        if (ticket.told > 0 || ticket.state !== "queued") continue
        this.tell(sale, ticket)
        left--
      }
      this.seen.set(sale, number)
    }
  }

  /** Tells one ticket's holder in turn, and resolves once that has arrived. Two on their way at once could change places. */
  arrival(sale: Sale, ticket: Ticket): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.tell(sale, ticket, [{ left: 1, arrived: resolve }])
    return promise
  }

  /** Tells one ticket's holder before anything else is done. For a Laba in this process, which cannot reorder. */
  async tellNow(sale: Sale, ticket: Ticket): Promise<void> {
    const { version } = ticket
    await this.publish(sale, ticket)
    ticket.told = Math.max(ticket.told, version)
  }

  /** Everybody whom a Laba that lost its memory has forgotten. What matters is told, and what came before it is past. */
  tellAll(sale: Sale): void {
    const { tickets, byUser } = sale.book
    const standing: Ticket[] = []
    for (const ticket of tickets)
      if (byUser.get(ticket.user) === ticket) standing.push(standingTicket(ticket))
    for (const ticket of standing) ticket.told = 0
    this.queue.add(sale, standing)
    this.run()
  }

  /** After a start: everybody who still waits for something, and what is in the outbox and was not sent. */
  resume(sales: readonly Sale[]): void {
    for (const sale of sales) {
      const alive: Ticket[] = []
      for (const ticket of sale.book.tickets) {
        if (isWaiting(ticket.state) || ticket.order?.state === "pending") alive.push(ticket)
        // The crowd that comes back after a restart has heard it, and is not told again one by one.
        else ticket.told = ticket.version
      }
      this.queue.add(sale, alive)
      this.seen.set(sale, sale.book.tickets.length)
    }
    const { ledger } = this.options
    const byKey = new Map(sales.map((sale) => [sale.key, sale]))
    const rows = ledger.all<{ id: number; sale: number; results: string }>(
      "SELECT id, sale, results FROM outbox WHERE sent = 0 ORDER BY id",
    )
    for (const { id, sale: key, results } of rows) {
      const sale = byKey.get(key)
      const numbers = (JSON.parse(results) as [number][]).map(([number]) => number)
      const tickets = numbers.flatMap((number) => sale?.book.tickets.get(number) ?? [])
      for (const ticket of tickets) ticket.told = 0
      if (sale) this.queue.add(sale, tickets, { receipts: [this.receiptOf(id, tickets.length)] })
    }
    this.run()
  }

  /** A sale that is not here any more: all of it has been told. */
  forget(sale: Sale): void {
    this.seen.delete(sale)
    this.watchers.forget(sale)
  }

  /** Notes in the ledger what was sent; once a second is enough, since a crash before it only sends it again. */
  noteSent(): void {
    if (this.sent.length === 0) return
    const { ledger } = this.options
    ledger.transaction("sent", () => {
      for (const id of this.sent) ledger.run("UPDATE outbox SET sent = 1 WHERE id = ?", id)
    })
    // Not before it is written: what a full disk refuses is noted the next time.
    this.sent.length = 0
  }

  stop(): void {
    this.closed = true
    if (this.looking) clearTimeout(this.looking)
  }

  private receiptOf(outbox: number, left: number): Receipt {
    return { left, arrived: () => this.sent.push(outbox) }
  }

  private run(): void {
    if (this.running || this.closed) return
    this.running = true
    setImmediate(() => {
      this.running = false
      this.slice()
    })
  }

  private slice(): void {
    for (let taken = 0; taken < sliceMax && !this.closed; taken++) {
      const due = this.next()
      // Who arrives makes room for the next.
      if (due === null) return
      const ticket = this.toBeSent(due)
      if (ticket !== null) void this.send(due, ticket)
    }
    this.run()
  }

  private next(): DueResult<Receipt> | null {
    if (this.inFlight >= this.inFlightMax) return null
    const heard = this.queue.take("heard")
    if (heard !== null || this.queue.size === 0) return heard
    if (this.leisure.allows(performance.now())) return this.queue.take("unheard")
    this.lookAgain()
    return null
  }

  /** The ticket whose record is to be sent now; null where that is done, or follows what is on its way. */
  private toBeSent({ sale, number, receipts, always }: DueResult<Receipt>): Ticket | null {
    const ticket = sale.book.tickets.get(number)
    const flight = this.flying.get(sale)?.get(number)
    if (ticket && flight) {
      flight.receipts.push(...receipts)
      flight.again ||= ticket.version > flight.version
    } else if (ticket && (always || ticket.told < ticket.version)) return ticket
    // Who has looked meanwhile was told then.
    else settle(receipts)
    return null
  }

  /** In a crowd nothing may be on its way whose arrival would go on with the rest. */
  private lookAgain(): void {
    this.looking ??= setTimeout(() => {
      this.looking = null
      this.run()
    }, lookAgainMs)
  }

  private async send({ sale, number, receipts, isHeard }: DueResult<Receipt>, ticket: Ticket): Promise<void> {
    const { version } = ticket
    const flight: Flight = { version, receipts: [], again: false }
    const flights = this.flying.get(sale) ?? new Map<number, Flight>()
    this.flying.set(sale, flights)
    flights.set(number, flight)
    this.inFlight += 1
    if (!isHeard) this.leisure.left()
    const sentAt = performance.now()
    let arrived = true
    try {
      await this.publish(sale, ticket)
      ticket.told = Math.max(ticket.told, version)
      this.told += 1
      settle(receipts)
      this.lastWord(sale, ticket)
    } catch (error) {
      arrived = false
      flight.receipts.push(...receipts)
      if (this.failures++ % 100 === 0)
        this.options.log(`flash sale: Laba could not be told: ${String(error)}`)
    }
    this.inFlight -= 1
    const now = performance.now()
    if (!isHeard) this.leisure.arrived(now - sentAt, now)
    if (arrived) this.landed(sale, number, flight)
    else
      setTimeout(() => {
        flight.again = true
        this.landed(sale, number, flight)
      }, this.options.retryMs ?? 500)
  }

  private publish(sale: Sale, ticket: Ticket): Promise<void> {
    const record = JSON.stringify(recordOf(sale.book, ticket))
    return this.options.loudspeaker.publish(resultChannel(ticket.user, sale.id), record)
  }

  /** Who polls sees the channel's newest message. It must be about the ticket that matters, whatever became of an older one. */
  private lastWord(sale: Sale, { user, number }: Ticket): void {
    const newest = sale.book.byUser.get(user)
    if (!newest || newest.previous === null) return
    const standing = standingTicket(newest)
    if (standing.number !== number) this.tell(sale, standing)
  }

  private landed(sale: Sale, number: number, { receipts, again }: Flight): void {
    const flights = this.flying.get(sale)
    flights?.delete(number)
    if (flights?.size === 0) this.flying.delete(sale)
    const ticket = sale.book.tickets.get(number)
    if (again && ticket) this.tell(sale, ticket, receipts)
    else {
      settle(receipts)
      this.run()
    }
  }
}

function settle(receipts: readonly Receipt[]): void {
  for (const receipt of receipts) if (--receipt.left === 0) receipt.arrived()
}
