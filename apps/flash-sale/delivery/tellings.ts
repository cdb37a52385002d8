// Tells each ticket's holder how it stands. What is sent is always the whole newest record, so a change that overtakes
// another, a repeat and a crash between sending and noting it do no harm. Who listens is told first, and of those who can
// act on it.
import type { Told } from "../book/act.ts"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"
import type { Ledger } from "../ledger/ledger.ts"
import { resultChannel } from "../model/record.ts"
import { Line } from "../book/line.ts"
import { isWaiting } from "../model/ticket.ts"
import { Backlog } from "./backlog.ts"
import { Leisure } from "./leisure.ts"
import type { Loudspeaker } from "./loudspeaker.ts"
import { recordOf } from "./record-of.ts"
import { standingTicket } from "./standing-ticket.ts"
import { Watchers } from "./watchers.ts"

interface TellingsOptions {
  readonly ledger: Ledger
  readonly loudspeaker: Loudspeaker
  readonly log: (line: string) => void
  /** How soon a telling that failed is tried again. Default 500. */
  readonly retryMs?: number
  /**
   * On their way at once. Laba answers after a group commit of some ms, so few of them would be slow. Default 1024: more
   * would fail for having waited, when Laba is far.
   */
  readonly inFlightMax?: number
  /** Who listens. Default: nobody is known to, and all are told in turn. */
  readonly watchers?: Watchers
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

/** What somebody waits for: an outbox row to be noted as sent, or who is about to look. */
interface Letter {
  /** Tickets that have not been told yet. */
  left: number
  readonly arrived: () => void
}

/** One ticket that is to be told. It is looked up when it is sent: the memory may have been read anew meanwhile. */
interface Telling {
  readonly sale: Sale
  readonly number: number
  /** What this settles. */
  letters: Letter[]
  /** On its way. A newer version waits for it to arrive: two on their way could change places. */
  flying: boolean
  again: boolean
  /** Whether somebody listened when it came into its line. */
  watched: boolean
}

export class Tellings {
  private readonly options: TellingsOptions
  private readonly watchers: Watchers
  /** For who listens, and for whom nobody does; in each, those who can act on it and those who cannot. */
  private readonly watched = new Lines()
  private readonly unwatched = new Lines()
  private readonly unheard = new Backlog<Letter>()
  private readonly leisure: Leisure
  private readonly waiting = new Map<Sale, Map<number, Telling>>()
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

  constructor(options: TellingsOptions) {
    this.options = options
    this.inFlightMax = options.inFlightMax ?? 1024
    this.watchers = options.watchers ?? new Watchers()
    this.leisure = new Leisure({ most: this.inFlightMax, yields: options.watchers !== undefined })
  }

  /** Those who wait to be told. */
  get backlog(): number {
    let count = this.unheard.size
    for (const tickets of this.waiting.values()) count += tickets.size
    return count
  }

  /** Takes up what a transaction wrote into the outbox. */
  add(sale: Sale, { outbox, tickets }: Told): void {
    this.tellMany(sale, tickets, outbox === null ? null : this.letterOf(outbox, tickets.length))
  }

  private tellMany(sale: Sale, tickets: readonly Ticket[], letter: Letter | null): void {
    const unheard: Ticket[] = []
    for (const ticket of tickets) {
      if (this.watchers.has(sale, ticket.user)) this.tell(sale, ticket, letter)
      else unheard.push(ticket)
    }
    this.unheard.add(sale, unheard, letter)
    this.run()
  }

  /** Tells one ticket's holder, at once or again. */
  tell(sale: Sale, ticket: Ticket, letter: Letter | null = null): void {
    const before = this.waiting.get(sale)?.get(ticket.number)
    if (before) {
      if (letter) before.letters.push(letter)
      before.again ||= before.flying
    } else this.queue(this.telling(sale, ticket.number, letter ? [letter] : []), ticket)
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
    this.tell(sale, ticket, { left: 1, arrived: resolve })
    return promise
  }

  /** Tells one ticket's holder before anything else is done. For a Laba in this process, which cannot reorder. */
  async tellNow(sale: Sale, ticket: Ticket): Promise<void> {
    const { version } = ticket
    await this.options.loudspeaker.publish(
      resultChannel(ticket.user, sale.id),
      JSON.stringify(recordOf(sale.book, ticket)),
    )
    ticket.told = Math.max(ticket.told, version)
  }

  /** Everybody whom a Laba that lost its memory has forgotten. What matters is told, and what came before it is past. */
  tellAll(sale: Sale): void {
    const { tickets, byUser } = sale.book
    const standing: Ticket[] = []
    for (const ticket of tickets)
      if (byUser.get(ticket.user) === ticket) standing.push(standingTicket(ticket))
    for (const ticket of standing) ticket.told = 0
    this.tellMany(sale, standing, null)
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
      this.tellMany(sale, alive, null)
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
      if (sale) this.tellMany(sale, tickets, this.letterOf(id, tickets.length))
    }
  }

  /** A sale that is not here any more: nobody of it waits to be told. */
  forget(sale: Sale): void {
    this.waiting.delete(sale)
    this.unheard.forget(sale)
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

  private letterOf(outbox: number, left: number): Letter {
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

  private queue(telling: Telling, ticket: Ticket): void {
    const canWait = ticket.state === "sold_out" || ticket.state === "rejected"
    telling.watched = this.watchers.has(telling.sale, ticket.user)
    ;(telling.watched ? this.watched : this.unwatched).join(telling, canWait)
    this.run()
  }

  private slice(): void {
    for (let sent = 0; sent < sliceMax && !this.closed; sent++) {
      const telling = this.next()
      // Who arrives makes room for the next.
      if (!telling) return
      void this.send(telling)
    }
    this.run()
  }

  private next(): Telling | null {
    if (this.inFlight >= this.inFlightMax) return null
    const watched = this.watched.take()
    if (watched || (this.unwatched.isEmpty && this.unheard.size === 0)) return watched
    if (this.leisure.allows(performance.now())) return this.unwatched.take() ?? this.nextUnheard()
    this.lookAgain()
    return null
  }

  private nextUnheard(): Telling | null {
    for (let due = this.unheard.take(); due; due = this.unheard.take()) {
      const { sale, number, letter } = due
      const ticket = sale.book.tickets.get(number)
      const letters = letter ? [letter] : []
      const before = this.waiting.get(sale)?.get(number)
      // Who has looked meanwhile was told then.
      if (!ticket || (letter && ticket.told >= ticket.version)) settle(letters)
      else if (before) {
        before.letters.push(...letters)
        before.again ||= before.flying
      } else return this.telling(sale, number, letters)
    }
    return null
  }

  private telling(sale: Sale, number: number, letters: Letter[]): Telling {
    const tickets = this.waiting.get(sale) ?? new Map<number, Telling>()
    this.waiting.set(sale, tickets)
    const telling = { sale, number, letters, flying: false, again: false, watched: false }
    tickets.set(number, telling)
    return telling
  }

  /** In a crowd nothing may be on its way whose arrival would go on with the rest. */
  private lookAgain(): void {
    this.looking ??= setTimeout(() => {
      this.looking = null
      this.run()
    }, lookAgainMs)
  }

  private async send(telling: Telling): Promise<void> {
    const { sale, number } = telling
    const ticket = sale.book.tickets.get(number)
    if (!ticket) return void this.waiting.get(sale)?.delete(number)
    const { version } = ticket
    const letters = telling.letters
    telling.letters = []
    telling.flying = true
    this.inFlight += 1
    const { watched } = telling
    if (!watched) this.leisure.left()
    const sentAt = performance.now()
    let arrived = true
    try {
      await this.options.loudspeaker.publish(
        resultChannel(ticket.user, sale.id),
        JSON.stringify(recordOf(sale.book, ticket)),
      )
      ticket.told = Math.max(ticket.told, version)
      this.told += 1
      settle(letters)
      this.lastWord(sale, ticket)
    } catch (error) {
      arrived = false
      telling.letters.push(...letters)
      if (this.failures++ % 100 === 0)
        this.options.log(`flash sale: Laba could not be told: ${String(error)}`)
    }
    this.inFlight -= 1
    if (!watched) {
      const now = performance.now()
      this.leisure.arrived(now - sentAt, now)
    }
    if (!arrived) setTimeout(() => this.landed(telling, true), this.options.retryMs ?? 500)
    else this.landed(telling, telling.again)
  }

  /** Who polls sees the channel's newest message. It must be about the ticket that matters, whatever became of an older one. */
  private lastWord(sale: Sale, { user, number }: Ticket): void {
    const newest = sale.book.byUser.get(user)
    if (!newest || newest.previous === null) return
    const standing = standingTicket(newest)
    if (standing.number !== number) this.tell(sale, standing)
  }

  private landed(telling: Telling, again: boolean): void {
    const ticket = telling.sale.book.tickets.get(telling.number)
    telling.flying = false
    telling.again = false
    if (again && ticket && !this.closed) this.queue(telling, ticket)
    else {
      this.waiting.get(telling.sale)?.delete(telling.number)
      this.run()
    }
  }
}

function settle(letters: readonly Letter[]): void {
  for (const letter of letters) if (--letter.left === 0) letter.arrived()
}

/** Whoever has lost can do nothing; they have the one broadcast already, and come after who can act. */
class Lines {
  private readonly urgent = new Line<Telling>(() => true)
  private readonly others = new Line<Telling>(() => true)

  join(telling: Telling, canWait: boolean): void {
    ;(canWait ? this.others : this.urgent).join(telling)
  }

  take(): Telling | null {
    return this.urgent.take() ?? this.others.take()
  }

  get isEmpty(): boolean {
    return this.urgent.first() === null && this.others.first() === null
  }
}
