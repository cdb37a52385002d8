// The contract of a payment provider, of which the simulator is one. It may be slow, may be away, and may tell of a
// payment late, twice or never; so it is asked before a unit goes to somebody else, and now and then before that.

export interface Trade {
  /** Our name for it: the order's id. Opening it twice is opening it once. */
  readonly reference: string
  readonly amount: number
  readonly currency: string
}

/** What a provider says became of a trade. */
export type TradeEnd =
  /** Nobody can pay it any more. A trade that was never opened cannot be opened after this. */
  { readonly state: "closed" } | { readonly state: "paid"; readonly payment: string; readonly amount: number }

/** What a provider says of a trade that may still be paid. */
export type TradeNow = { readonly state: "open" } | TradeEnd

/** What the provider tells us of by itself. */
export interface Callback {
  readonly reference: string
  readonly payment: string
  readonly amount: number
  /** `declined` is an attempt that did not go through; it may come after the one that did. Default `paid`. */
  readonly state?: "paid" | "declined" | undefined
}

/**
 * A method that rejects with `ProviderRefusal` was answered, and the answer is no. Any other rejection, and no answer within
 * three seconds, counts as a provider that is away: it is asked again.
 */
export interface PaymentProvider {
  /** Answers where the buyer pays. */
  open(trade: Trade): Promise<{ readonly payUrl: string }>
  /** How a trade stands. Changes nothing. */
  look(reference: string): Promise<TradeNow>
  /** Ends a trade, unless it is paid. */
  close(reference: string): Promise<TradeEnd>
  /** Pays back. Repeats are one refund. Rejects when it did not happen. */
  refund(payment: string): Promise<void>
  /** Reads a callback's body; null when its signature is wrong, or it makes no sense. */
  readCallback(headers: Headers, body: string): Callback | null
}

/** The provider has answered, and said no. */
export class ProviderRefusal extends Error {
  override readonly name = "ProviderRefusal"
}
