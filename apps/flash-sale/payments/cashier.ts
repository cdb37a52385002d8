// Between the orders and the provider: opens a trade, ends it before its unit goes to anybody else, and takes what the
// provider tells. What it does not know after a crash it finds again in the orders.
import type { Sale } from "../book/sale.ts"
import { orderId } from "../delivery/record-of.ts"
import type { Callback, PaymentProvider, TradeEnd } from "./provider.ts"

export interface CashierOptions {
  readonly provider: PaymentProvider
  readonly find: (sale: string) => Sale | null
  readonly log: (line: string) => void
  /** Takes money for a sale that is not known here; false when it is nobody's. */
  readonly onUnknown?: (callback: Callback) => boolean
  /** How long after its time an order waits for a provider that is away. Default 15,000. */
  readonly graceMs?: number
}

/** The sale and the number in a reference. 0 stands for what is no number: there is no such order. */
export function orderIn(reference: string): { readonly sale: string; readonly number: number } {
  const dot = reference.lastIndexOf(".")
  const digits = reference.slice(dot + 1)
  return { sale: reference.slice(0, dot), number: /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : 0 }
}

/** Trades that are being ended at once. */
const endingMax = 32

export type PayAnswer =
  { readonly payUrl: string } | { readonly failed: "no_order" | "not_payable" | "provider_away" }

export class Cashier {
  private readonly options: CashierOptions
  private readonly graceMs: number
  private readonly ending = new Set<string>()

  constructor(options: CashierOptions) {
    this.options = options
    this.graceMs = options.graceMs ?? 15_000
  }

  /** Opens the trade of an order that waits for its money. */
  async open(sale: Sale, number: number): Promise<PayAnswer> {
    const order = sale.orderOf(number)
    if (order === null) return { failed: "no_order" }
    if (order.state !== "pending" || sale.now() >= order.payBy) return { failed: "not_payable" }
    sale.markOpened(order)
    try {
      const { currency } = sale.book.settings
      return await this.options.provider.open({
        reference: orderId(sale.book, number),
        amount: order.price,
        currency,
      })
    } catch (error) {
      this.options.log(`flash sale: ${String(error)}`)
      return { failed: "provider_away" }
    }
  }

  /**
   * Takes a callback; repeats and late ones are welcome. Null when it is not the provider's, false when it is about a sale
   * that never was here: then somebody has to look into it, and it is not ours to pay back.
   */
  receive(headers: Headers, body: string): boolean | null {
    const callback = this.options.provider.readCallback(headers, body)
    if (callback === null) return null
    const { sale: id, number } = orderIn(callback.reference)
    const sale = this.options.find(id)
    const { payment, amount } = callback
    if (sale) sale.pay(number, { id: payment, amount })
    else if (!this.options.onUnknown?.(callback)) {
      this.options.log(`flash sale: ${payment} was paid for ${callback.reference}, which is of no sale`)
      return false
    }
    return true
  }

  /** Ends the trades of orders whose time is up. */
  sweep(sale: Sale): void {
    for (const { ticket, payBy } of sale.overdue(endingMax)) {
      const name = orderId(sale.book, ticket.number)
      if (this.ending.size >= endingMax) return
      if (this.ending.has(name)) continue
      void this.end(sale, ticket.number, { event: "timeout", untilMs: payBy + this.graceMs })
    }
  }

  /** The buyer gives the order back. False when it is not unpaid, or the provider cannot say so. */
  async cancel(sale: Sale, number: number): Promise<boolean> {
    const order = sale.orderOf(number)
    if (order?.state !== "pending") return false
    if (!order.opened) return sale.end(number, "cancel")
    return this.end(sale, number, { event: "cancel", untilMs: Infinity })
  }

  /**
   * The provider has the first word: once it has closed the trade, no money can come for a unit that somebody else holds.
   * When it stays away, the order ends after `untilMs` all the same, and money that comes is settled then.
   */
  private async end(
    sale: Sale,
    number: number,
    { event, untilMs }: { event: "timeout" | "cancel"; untilMs: number },
  ): Promise<boolean> {
    const name = orderId(sale.book, number)
    this.ending.add(name)
    try {
      const end = await this.closeTrade(name)
      if (end === null) return sale.now() > untilMs && sale.end(number, event, true)
      if (end.state === "paid") sale.pay(number, { id: end.payment, amount: end.amount })
      // Paid, the order stays so. After a wrong amount, which goes back, the trade is over and so is the order.
      return sale.end(number, event)
    } catch (error) {
      // The books could not be written. The order is still due, so this is tried again.
      this.options.log(`flash sale: ${String(error)}`)
      return false
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
