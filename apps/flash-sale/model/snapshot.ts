// One moment of a sale's books, as the invariants read it. Rows come as streams, so that a million tickets need no
// million objects at once.
import type { OrderState } from "./order.ts"
import type { TicketState } from "./ticket.ts"

export interface StockRow {
  readonly sale: string
  readonly item: string
  readonly total: number
  readonly available: number
  readonly held: number
  readonly sold: number
}

export interface TicketRow {
  readonly sale: string
  readonly item: string
  readonly number: number
  readonly user: string
  readonly state: TicketState
  readonly version: number
  readonly deadline: number
}

export interface OrderRow {
  readonly sale: string
  readonly item: string
  readonly number: number
  readonly user: string
  readonly state: OrderState
  readonly payBy: number
}

export interface PaymentRow {
  readonly id: string
  readonly sale: string
  readonly number: number
  readonly state: "kept" | "refund_due" | "refused" | "refunded"
  readonly at: number
}

/** What was written down to be shown, in the order of writing. */
export interface ResultRow {
  readonly sale: string
  readonly number: number
  readonly version: number
  readonly ticket: TicketState
  readonly order: OrderState | null
}

export interface Snapshot {
  readonly now: number
  readonly stock: Iterable<StockRow>
  readonly tickets: Iterable<TicketRow>
  readonly orders: Iterable<OrderRow>
  readonly payments: Iterable<PaymentRow>
  readonly results: Iterable<ResultRow>
}
