// The contract of a payment provider, of which the simulator is one. It may be slow, may be away, and may tell of a
// payment late, twice or never; so it is asked before a unit goes to somebody else.

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

/** A payment that the provider tells us of by itself. */
export interface Callback {
  readonly reference: string
  readonly payment: string
  readonly amount: number
}

export interface PaymentProvider {
  /** Answers where the buyer pays. Rejects when the provider cannot be reached. */
  open(trade: Trade): Promise<{ readonly payUrl: string }>
  /** Ends a trade, unless it is paid. Rejects when the provider cannot be reached. */
  close(reference: string): Promise<TradeEnd>
  /** Pays back. Repeats are one refund. Rejects when it did not happen. */
  refund(payment: string): Promise<void>
  /** Reads a callback's body; null when its signature is wrong. */
  readCallback(headers: Headers, body: string): Callback | null
}
