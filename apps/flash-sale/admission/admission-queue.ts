// The desk before the queue. It refuses at once and from memory; whom it lets in waits for the next batch to be written,
// and is answered after that. Nothing that it says yes to is only in memory.
import type { Item, Ticket } from "../book/memory/memory.ts"
import type { Sale } from "../book/sale.ts"
import { isFull } from "../book/decide.ts"
import { decidesAt, entryOpensAt } from "../model/sale.ts"
import { isWaiting } from "../model/ticket.ts"
import { isGone } from "../model/unit.ts"
import { isLive } from "../model/order.ts"
import { refuse, type Refusal } from "../model/wire/refusal.ts"
import { isBuyToken, issueBuyToken } from "./buy-token.ts"
import type { AttemptLimiter } from "./attempt-limiter.ts"
import type { TextSigner } from "./text-signer.ts"

export interface Entry {
  readonly user: string
  /** Null means the only item; the empty text is no item's name. */
  readonly item: string | null
  readonly key: string
  readonly token: string | null
  /** The network it comes from. Null or nothing is this machine. */
  readonly address?: string | null
}

/** Who wants to enter, and under which key: all that most refusals need. */
type EntryHead = Pick<Entry, "user" | "key" | "address">

/** A ticket, and whether this request made it. */
export interface AdmittedTicket {
  readonly ticket: Ticket
  readonly isNew: boolean
}

export type EntryAnswer = AdmittedTicket | Refusal

interface Waiting {
  readonly user: string
  readonly item: number
  readonly key: string
  readonly promise: Promise<EntryAnswer>
  readonly answer: (answer: EntryAnswer | PromiseLike<EntryAnswer>) => void
}

interface AdmissionQueueOptions {
  readonly sale: Sale
  readonly seal: TextSigner
  /** Called when somebody waits to be written down. */
  readonly wake: () => void
  /** Told of each click, whatever becomes of it. */
  readonly onAttempt?: () => void
  /** How often a user may try. One serves all sales: it counts each user in each. */
  readonly pace: AttemptLimiter
  /** How often one may try from the same network, in all sales together. Default: as often as one likes. */
  readonly addresses?: AttemptLimiter | null
}

/** Tickets that one user may have in a sale, one after the other. More is somebody who plays with the queue. */
const ticketsEachMax = 20

export class AdmissionQueue {
  readonly sale: Sale
  private readonly seal: TextSigner
  private readonly wake: () => void
  private readonly pace: AttemptLimiter
  private readonly addresses: AttemptLimiter | null
  private readonly onAttempt: () => void
  private waiting: Waiting[] = []
  /** How many of them there are for each item. */
  private waitingFor = new Map<number, number>()
  private readonly byUser = new Map<string, Waiting>()

  constructor(options: AdmissionQueueOptions) {
    this.sale = options.sale
    this.seal = options.seal
    this.wake = options.wake
    this.pace = options.pace
    this.addresses = options.addresses ?? null
    this.onAttempt = options.onAttempt ?? (() => {})
  }

  /** A token to enter with, or why there is none. */
  token(user: string, address: string | null = null): string | Refusal {
    const { sale } = this
    const now = sale.now()
    const tooFast = this.tooFast(user, address)
    if (tooFast !== null) return tooFast
    const { phase, settings } = sale.book
    if (phase === "closed") return refuse("CLOSED")
    if (now < settings.startsAt) return notOpen(settings.startsAt, now)
    return issueBuyToken(this.seal, { user, sale: sale.id, had: this.had(user) }, now)
  }

  /** Lets somebody in or not. A refusal is answered at once; a ticket once it is on disk. */
  enter(entry: Entry): EntryAnswer | Promise<EntryAnswer> {
    return this.turnAway(entry) ?? this.admit(entry)
  }

  /**
   * Counts an attempt, and refuses it where that needs neither item nor token: in a crowd most are, and reading what they
   * ask for would cost more than all the rest. Null: `admit` is to answer. A key that has its answer gets it again, however
   * often it comes: that is no attempt.
   */
  turnAway({ user, key, address = null }: EntryHead): Refusal | Promise<Refusal> | null {
    this.onAttempt()
    if (this.byUser.get(user)?.key === key || this.ticketOfKey(user, key) !== null) return null
    const { sale } = this
    const { book } = sale
    const now = sale.now()
    const tooFast = this.tooFast(user, address)
    if (tooFast !== null) return tooFast
    if (book.phase === "closed") return refuse("CLOSED")
    const opensAt = entryOpensAt(book.settings)
    if (now < opensAt) return notOpen(opensAt, now)
    const held = this.held(user)
    if (held !== null) return held
    const gone = book.items.filter(({ counts }) => isGone(counts)).length
    if (gone === book.items.length) return refuse("SOLD_OUT")
    // Whose item is gone must not be told to come again, and whose item has room must be let in.
    return gone === 0 && book.items.every((_, at) => this.isFull(at)) ? this.queueFull(now) : null
  }

  /** Answers whom `turnAway` did not. */
  admit(entry: Entry): EntryAnswer | Promise<EntryAnswer> {
    const item = this.itemOf(entry.item)
    return this.sameKey(entry, item) ?? this.refusalOf(entry, item, this.sale.now()) ?? this.wait(entry, item)
  }

  /** Writes down who waits. Answers how many there were. Never throws: a failure is an answer too. */
  flush(onFailure: (error: unknown) => void): number {
    const all = this.waiting
    if (all.length === 0) return 0
    this.waiting = []
    this.waitingFor.clear()
    this.byUser.clear()
    const batch = all.filter((one) => this.mayStillEnter(one))
    if (batch.length === 0) return all.length
    try {
      const tickets = this.sale.admit(batch)
      for (const [at, { answer }] of batch.entries()) answer({ ticket: tickets[at] as Ticket, isNew: true })
    } catch (error) {
      onFailure(error)
      for (const { answer } of batch) answer(refuse("NOT_SAVED", { retryAfterSeconds: 1 }))
    }
    return all.length
  }

  /** An older order may have been paid while its buyer's click waited here: two would be one too many. */
  private mayStillEnter({ user, answer }: Waiting): boolean {
    const held = this.held(user)
    if (held !== null) answer(held)
    return held === null
  }

  /** Counts an attempt of a user and of the network that it comes from. */
  private tooFast(user: string, address: string | null): Refusal | null {
    const seconds =
      (address === null ? 0 : (this.addresses?.attempt(address) ?? 0)) ||
      this.pace.attempt(`${this.sale.id}\n${user}`)
    return seconds > 0 ? refuse("TOO_FAST", { retryAfterSeconds: seconds }) : null
  }

  private itemOf(name: string | null): number {
    const { items } = this.sale.book
    if (name === null) return items.length === 1 ? 0 : -1
    return items.findIndex((item) => item.id === name)
  }

  /** The answer that was given to the same key, if it was. */
  private sameKey({ user, key }: Entry, item: number): EntryAnswer | Promise<EntryAnswer> | null {
    const waiting = this.byUser.get(user)
    if (waiting?.key === key) return waiting.item === item ? waiting.promise : refuse("KEY_CONFLICT")
    const ticket = this.ticketOfKey(user, key)
    if (ticket === null) return null
    return ticket.item === item ? { ticket, isNew: false } : refuse("KEY_CONFLICT")
  }

  private ticketOfKey(user: string, key: string): Ticket | null {
    let ticket = this.sale.book.byUser.get(user) ?? null
    while (ticket !== null && !this.sale.enteredWith(ticket, key)) ticket = ticket.previous
    return ticket
  }

  /** What only the item and the token decide; and again what may have changed while they were read. */
  private refusalOf(entry: Entry, at: number, now: number): Refusal | Promise<Refusal> | null {
    const { sale } = this
    const { book } = sale
    if (book.phase === "closed") return refuse("CLOSED")
    const held = this.held(entry.user)
    if (held !== null) return held
    const item = book.items[at]
    if (!item) return refuse("NO_SUCH_ITEM", { items: book.items.map(({ id }) => id) })
    if (isGone(item.counts)) return refuse("SOLD_OUT")
    if (this.isFull(at)) return this.queueFull(now)
    // Before the start everybody is shuffled, so there is nothing that a token would protect.
    return now >= book.settings.startsAt && !this.isToken(entry, now) ? refuse("BAD_TOKEN") : null
  }

  private isFull(at: number): boolean {
    const { book } = this.sale
    return isFull(book, book.items[at] as Item, this.waitingFor.get(at) ?? 0)
  }

  private queueFull(now: number): Refusal {
    return refuse("QUEUE_FULL", { retryAfterSeconds: this.retryAfterSeconds(now) })
  }

  /** ALREADY_IN with the ticket that the caller holds, once it has its number. */
  private held(user: string): Refusal | Promise<Refusal> | null {
    const waiting = this.byUser.get(user)
    if (waiting) {
      return waiting.promise.then((answer) =>
        "ticket" in answer ? refuse("ALREADY_IN", { number: answer.ticket.number }) : answer,
      )
    }
    const ticket = this.sale.book.byUser.get(user)
    if (!ticket) return null
    let live: Ticket | null = ticket
    // An old order may have been paid late and be live again.
    while (live && !isWaiting(live.state) && !(live.order && isLive(live.order.state))) live = live.previous
    if (live) return refuse("ALREADY_IN", { number: live.number })
    if (this.had(user) >= ticketsEachMax) return refuse("TOO_FAST", { retryAfterSeconds: 60 })
    return null
  }

  private isToken({ user, token }: Entry, now: number): boolean {
    const facts = { user, sale: this.sale.id, had: this.had(user) }
    return token !== null && isBuyToken(this.seal, token, facts, now)
  }

  private had(user: string): number {
    let had = 0
    for (let ticket = this.sale.book.byUser.get(user) ?? null; ticket; ticket = ticket.previous) had++
    return had
  }

  private wait({ user, key }: Entry, item: number): Promise<EntryAnswer> {
    const { promise, resolve } = Promise.withResolvers<EntryAnswer>()
    const waiting: Waiting = { user, item, key, promise, answer: resolve }
    this.waiting.push(waiting)
    this.waitingFor.set(item, (this.waitingFor.get(item) ?? 0) + 1)
    this.byUser.set(user, waiting)
    this.wake()
    return promise
  }

  /** When a place may be free: as long as one turn takes, and no sooner than the sale decides anything. */
  private retryAfterSeconds(now: number): number {
    const { perSecond } = this.sale.pace
    const untilDecided = Math.max(0, decidesAt(this.sale.book.settings) - now) / 1000
    const turn = perSecond === null || perSecond <= 0 ? 5 : 1 / perSecond
    return Math.min(300, Math.max(1, Math.ceil(untilDecided + turn)))
  }
}

const notOpen = (opensAt: number, now: number): Refusal =>
  refuse("NOT_OPEN", { retryAfterSeconds: Math.max(1, Math.ceil((opensAt - now) / 1000)) })
