// What is known about one sale and one buyer's place in it, kept true: asked for once, then heard; whenever there is a doubt
// (a lost connection, a deadline that passed) asked for again. Paints nothing.
import { type Ask, ask, Refused, Unreachable } from "../ask.ts"
import type { ServerClock } from "../server-clock.ts"
import type { SaleView, SaleSnapshot as Standing, TicketView } from "../../model/wire/api.ts"
import { Seat } from "./seat.ts"
import { WaitShown } from "./wait-shown.ts"

interface TruthOptions {
  readonly sale: string
  readonly clock: ServerClock
  /** Asks as the buyer. */
  readonly asBuyer: Ask
  /** Something that is shown may have changed. */
  readonly changed: () => void
  /** The login has run out. */
  readonly loggedOut: () => void
}

export class Truth {
  /** Null: there is none of this name. Undefined: not known yet. */
  sale: SaleView | null | undefined
  standing: Standing | null = null
  seat: Seat
  /** Place on the wait-list, by what was answered last. */
  waitPlace: number | null = null
  /** The shop does not answer. */
  isAway = false
  /** The shop has said what this buyer holds. Nobody holds nothing. */
  isTicketKnown = false
  readonly wait = new WaitShown()
  private readonly options: TruthOptions
  private isBuyer = false
  private refreshing: Promise<void> | null = null
  private refreshAgain = false
  private askedAt = 0

  constructor(options: TruthOptions) {
    this.options = options
    this.seat = new Seat(options.sale)
  }

  /** Since the shop was last asked. */
  get ageMs(): number {
    return performance.now() - this.askedAt
  }

  /** Another buyer: what was known of the last one is nobody's any more. */
  begin(isBuyer: boolean): void {
    this.isBuyer = isBuyer
    this.isTicketKnown = !isBuyer
    this.waitPlace = null
    this.seat = new Seat(this.options.sale)
    this.doubt()
  }

  /** Takes a record, wherever it comes from. */
  take(record: unknown): void {
    if (this.seat.take(record)) this.options.changed()
  }

  hear(standing: Standing): void {
    if (this.standing && standing.at < this.standing.at) return
    this.standing = standing
    // The operator has moved the start, or opened it before its time.
    if (this.sale && this.sale.startsAt !== standing.startsAt) this.doubt()
    this.options.changed()
  }

  /** An item was refused as sold out, which the last standing does not know of yet. The next one says how it is. */
  noteSoldOut(item: string): void {
    if (!this.standing) return
    const items = this.standing.items.map((one) =>
      one.id === item ? { ...one, available: 0, gone: true } : one,
    )
    this.standing = { ...this.standing, items }
    this.options.changed()
  }

  /** What is shown may not be so any more. One question at a time, and one more when the doubt came during the last. */
  doubt(): void {
    if (this.refreshing) this.refreshAgain = true
    else void this.refresh()
  }

  refresh(): Promise<void> {
    this.refreshing ??= this.askAll().finally(() => {
      this.refreshing = null
      if (this.refreshAgain) this.doubt()
      this.refreshAgain = false
    })
    return this.refreshing
  }

  /** Tries until the shop answers. What it refuses is thrown on. */
  async reach<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await work()
        this.isAway = false
        return answer
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        this.isAway = true
        this.options.changed()
        await new Promise((wake) => setTimeout(wake, Math.random() * Math.min(5000, 300 * 2 ** tries)))
      }
    }
  }

  private async askAll(): Promise<void> {
    const path = `/api/sales/${encodeURIComponent(this.options.sale)}`
    this.askedAt = performance.now()
    try {
      this.sale = await this.reach(() => ask<SaleView>("GET", path))
      this.hear(this.sale.standing)
      if (this.isBuyer) await this.askTicket(`${path}/ticket`)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.code === "not_found") this.sale = null
      else if (error.status === 401) this.options.loggedOut()
    }
    this.options.changed()
  }

  private async askTicket(path: string): Promise<void> {
    const { seat } = this
    const view = await this.reach(() => this.options.asBuyer<TicketView | null>("GET", `${path}?or=null`))
    // Somebody else may have logged in meanwhile.
    if (seat !== this.seat) return
    this.isTicketKnown = true
    // Who has no ticket has none to show.
    if (view === null) return
    this.waitPlace = view.state === "waitlisted" ? view.position : null
    this.wait.promise(view.turn, view.etaSeconds, this.options.clock.now())
    this.take(view)
  }
}
