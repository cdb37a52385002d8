// Between the orders and the provider: opens a trade, looks at it, ends it before its unit goes to anybody else, and takes
// what the provider tells. What it does not know after a crash it finds again in the orders.
import type { Sale } from "../book/sale.ts"
import type { Order } from "../book/memory/memory.ts"
import { readReference } from "../book/trade-reference.ts"
import { TradePolling } from "./trade-polling.ts"
import { type Callback, type PaymentProvider, ProviderRefusal, type TradeEnd } from "./provider.ts"
import type { WatchedProvider } from "./watched-provider.ts"

interface CashierOptions {
  readonly provider: PaymentProvider & Partial<Pick<WatchedProvider, "mayAsk" | "isAway">>
  readonly find: (sale: string) => Sale | null
  /** The identity of our books: what others' orders were paid by is not ours to take, nor to pay back. */
  readonly books: string
  readonly log: (line: string) => void
  /** Takes money for a sale that is not known here; false when it is nobody's. */
  readonly onUnknown?: (callback: Callback) => boolean
  /** Milliseconds that nobody sets, for how often the provider is asked. Default `performance.now`. */
  readonly ticks?: () => number
  /** How long after its time an order waits for the provider's word. Default 15,000. */
  readonly graceMs?: number
}

type PayAnswer =
  { readonly payUrl: string } | { readonly failed: "no_order" | "not_payable" | "provider_away" }

type CancelAnswer = "cancelled" | "no_order" | "not_cancelled" | "provider_away"

/** When to ask a provider again that was away: it is tried about so often. */
export const retryAfterSeconds = 2

/** Trades that are being ended at once, and those that are looked at. */
const endingMax = 64
const lookingMax = 32

/** Overdue orders that one turn has to do with: some 20 ms of writing, when all of them end at once. */
const overdueMax = 500

/** A longer time between two turns is a machine that slept: nobody could be asked meanwhile. */
const sleepMsMin = 5000

/** Between two questions about the end of one trade: one that hangs must not take the turns of the others. */
const askAgainMs = 2000

/** Since when a sale's orders have been swept without a break, and which of those that are due were asked about in vain. */
interface Watch {
  sweptAt: number
  awakeSince: number
  readonly failedAt: Map<number, number>
}

export class Cashier {
  private readonly options: CashierOptions
  private readonly graceMs: number
  private readonly ticks: () => number
  private readonly ending = new Set<string>()
  private readonly looks = new TradePolling()
  private readonly watches = new WeakMap<Sale, Watch>()
  private looking = 0

  constructor(options: CashierOptions) {
    this.options = options
    this.graceMs = options.graceMs ?? 15_000
    this.ticks = options.ticks ?? (() => performance.now())
  }

  /** Opens the trade of an order that waits for its money. */
  async open(sale: Sale, number: number): Promise<PayAnswer> {
    const order = sale.orderOf(number)
    if (order === null) return { failed: "no_order" }
    if (order.state !== "pending" || sale.now() >= order.payBy) return { failed: "not_payable" }
    // Who opens the payment page again may have paid on the last one.
    if (order.opened) this.look(sale, number)
    sale.markOpened(order)
    const reference = sale.book.referenceOf(order)
    this.looks.add(reference, { sale, number }, this.ticks())
    try {
      const { currency } = sale.book.settings
      return await this.options.provider.open({ reference, amount: order.price, currency })
    } catch (error) {
      this.options.log(`flash sale: ${String(error)}`)
      // It does not open what is paid or closed: it is asked which.
      if (error instanceof ProviderRefusal) this.look(sale, number)
      return { failed: error instanceof ProviderRefusal ? "not_payable" : "provider_away" }
    }
  }

  /** Its buyer looks at an order: what they paid may have come without a word. Asked beside the answer, never before it. */
  look(sale: Sale, number: number): void {
    const order = sale.orderOf(number)
    if (order?.state !== "pending" || !order.opened || !this.mayLook) return
    if (this.looks.wish(sale.book.referenceOf(order), this.ticks())) void this.lookAt(sale, order)
  }

  /**
   * Takes a callback; repeats and late ones are welcome. Null when it is not the provider's, false when it is about a sale
   * that never was here: then somebody has to look into it, and it is not ours to pay back.
   */
  receive(headers: Headers, body: string): boolean | null {
    const callback = this.options.provider.readCallback(headers, body)
    if (callback === null) return null
    // No money, no change: the order may have been paid since, or be over.
    if (callback.state === "declined") return true
    const { payment, amount, reference } = callback
    const { sale: id, books } = readReference(reference)
    const isOurs = books === this.options.books
    const sale = isOurs ? this.options.find(id) : null
    if (sale) sale.receive(reference, { id: payment, amount })
    else if (!isOurs || !this.options.onUnknown?.(callback)) {
      this.options.log(
        `flash sale: ${payment} was paid for ${callback.reference}, which is of no sale of these books`,
      )
      return false
    }
    return true
  }

  /** Ends the orders whose time is up, and looks at some of the trades that are open. */
  sweep(sale: Sale): void {
    const now = sale.now()
    const watch = this.watch(sale, now)
    this.lookRound()
    const due = sale.overdue(overdueMax)
    if (due.length === 0) return watch.failedAt.clear()
    // The provider had its time, and whatever it is busy with, the buyer and the next one hear how it stands. The trades
    // stay to be asked for, and money that comes is settled then.
    const given = due.filter(({ payBy }) => now > Math.max(payBy, watch.awakeSince) + this.graceMs)
    if (given.length > 0) sale.endOpen(given)
    for (const order of due) {
      if (this.ending.size >= endingMax || !this.mayAsk) return
      const { ticket, payBy, state } = order
      const { number } = ticket
      if (state !== "pending" || this.ending.has(sale.book.referenceOf(order))) continue
      if (this.ticks() < (watch.failedAt.get(number) ?? -Infinity) + askAgainMs) continue
      this.end(sale, order, { event: "timeout", untilMs: payBy + this.graceMs })
        .then((isAnswered) => isAnswered || watch.failedAt.set(number, this.ticks()))
        // What cannot be written is still due, so it is tried again.
        .catch((error: unknown) => this.options.log(`flash sale: ${String(error)}`))
    }
  }

  /** The buyer gives the order back; who asks again hears the same. */
  async cancel(sale: Sale, number: number): Promise<CancelAnswer> {
    const order = sale.orderOf(number)
    if (order === null) return "no_order"
    if (order.state === "pending" && !order.opened) sale.end(number, "cancel")
    else if (order.state === "pending") {
      const isAnswered = await this.end(sale, order, { event: "cancel", untilMs: Infinity })
      if (!isAnswered) return "provider_away"
    }
    return sale.orderOf(number)?.state === "cancelled" ? "cancelled" : "not_cancelled"
  }

  /** Whether the provider is away, for the metric. */
  get isProviderAway(): boolean {
    return this.options.provider.isAway === true
  }

  private get mayAsk(): boolean {
    return this.options.provider.mayAsk !== false
  }

  private get mayLook(): boolean {
    return this.mayAsk && this.looking < lookingMax
  }

  /** Notes a turn. A sale that was not swept before is one of a process before this: its open trades are found in its orders. */
  private watch(sale: Sale, now: number): Watch {
    let watch = this.watches.get(sale)
    if (!watch) {
      watch = { sweptAt: now, awakeSince: now, failedAt: new Map() }
      this.watches.set(sale, watch)
      for (const line of [sale.book.unpaid, sale.book.offers])
        for (const order of line)
          if (order.opened) {
            const { number } = order.ticket
            this.looks.add(sale.book.referenceOf(order), { sale, number }, this.ticks())
          }
    }
    if (now - watch.sweptAt > sleepMsMin) watch.awakeSince = now
    watch.sweptAt = now
    return watch
  }

  private lookRound(): void {
    if (!this.mayLook) return
    for (const { name, sale, number } of this.looks.take(this.ticks())) {
      const order = sale.orderOf(number)
      if (order?.state !== "pending" || sale.now() >= order.payBy) this.looks.drop(name)
      else if (this.mayLook) void this.lookAt(sale, order)
    }
  }

  private async lookAt(sale: Sale, order: Order): Promise<void> {
    this.looking++
    try {
      const trade = await this.options.provider.look(sale.book.referenceOf(order))
      if (trade.state === "paid") sale.pay(order.ticket.number, { id: trade.payment, amount: trade.amount })
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) this.options.log(`flash sale: ${String(error)}`)
    } finally {
      this.looking--
    }
  }

  /**
   * The provider has the first word: once it has closed the trade, no money can come for a unit that somebody else holds.
   * When it stays away, the order ends after `untilMs` all the same. False when it was away.
   */
  private async end(
    sale: Sale,
    order: Order,
    { event, untilMs }: { event: "timeout" | "cancel"; untilMs: number },
  ): Promise<boolean> {
    const name = sale.book.referenceOf(order)
    const { number } = order.ticket
    this.ending.add(name)
    try {
      const end = await this.closeTrade(name)
      if (end === null) {
        if (sale.now() > untilMs) sale.end(number, event, true)
        return false
      }
      if (end.state === "paid") sale.pay(number, { id: end.payment, amount: end.amount })
      // Paid, the order stays so. After a wrong amount, which goes back, the trade is over and so is the order.
      sale.end(number, event)
      return true
    } finally {
      this.ending.delete(name)
    }
  }

  /** Null when the provider cannot be reached. */
  private async closeTrade(name: string): Promise<TradeEnd | null> {
    try {
      return await this.options.provider.close(name)
    } catch (error) {
      this.options.log(`flash sale: ${String(error)}`)
      return null
    }
  }
}
