// A payment provider for the model: instant, or away. It remembers trades for ever, as the real one does, and holds back
// its callbacks until a test delivers them, in any order and as often as it likes.
import type { Callback, PaymentProvider, Trade, TradeEnd, TradeNow } from "../payments/provider.ts"

interface Held extends Trade {
  state: "open" | "closed" | "paid" | "refunded"
  payment: string | null
}

/** Trades by their references. A test may leave the mark out, which it cannot know before: `s.1` is the newest of that order. */
class Trades extends Map<string, Held> {
  override get(name: string): Held | undefined {
    const found = super.get(name)
    if (found) return found
    return [...this.values()].findLast(({ reference }) => reference.startsWith(`${name}.`))
  }
}

export class PretendProvider implements PaymentProvider {
  readonly trades = new Trades()
  readonly callbacks: Callback[] = []
  isAway = false
  private payments = 0

  async open(trade: Trade): Promise<{ payUrl: string }> {
    this.answer()
    const known = this.trades.get(trade.reference)
    if (known?.state === "closed") throw new Error("The trade was closed.")
    if (!known) this.trades.set(trade.reference, { ...trade, state: "open", payment: null })
    return { payUrl: `http://pay/${trade.reference}` }
  }

  async look(reference: string): Promise<TradeNow> {
    this.answer()
    const trade = this.trades.get(reference)
    if (trade?.payment) return { state: "paid", payment: trade.payment, amount: trade.amount }
    return { state: trade?.state === "open" ? "open" : "closed" }
  }

  async close(reference: string): Promise<TradeEnd> {
    this.answer()
    const trade = this.trades.get(reference)
    if (trade?.payment) return { state: "paid", payment: trade.payment, amount: trade.amount }
    this.trades.set(reference, {
      reference,
      amount: trade?.amount ?? 0,
      currency: trade?.currency ?? "",
      state: "closed",
      payment: null,
    })
    return { state: "closed" }
  }

  async refund(payment: string): Promise<void> {
    this.answer()
    for (const trade of this.trades.values()) if (trade.payment === payment) trade.state = "refunded"
  }

  readCallback(_headers: Headers, body: string): Callback {
    return JSON.parse(body) as Callback
  }

  /** The buyer pays at the provider, however late: also while our process is dead. */
  pay(reference: string, amount?: number): boolean {
    const trade = this.trades.get(reference)
    if (trade?.state !== "open") return false
    trade.state = "paid"
    trade.payment = `p${++this.payments}`
    this.callbacks.push({
      reference: trade.reference,
      payment: trade.payment,
      amount: amount ?? trade.amount,
    })
    return true
  }

  /** Opens a trade anew although it was closed: what a provider does that does not keep its word. */
  breakItsWord(reference: string): void {
    const trade = this.trades.get(reference)
    if (trade?.state === "closed") trade.state = "open"
  }

  private answer(): void {
    if (this.isAway) throw new Error("The provider is away.")
  }
}
