// What a transaction leaves to be done outside, written with it so that it is as durable as what it follows from; and what
// the shop's other systems are told of an order.
import type { Ledger } from "../ledger/ledger.ts"
import type { ReturnReason, ShopEvent, ShopTold } from "../model/wire/api.ts"
import { isLive } from "../model/order.ts"
import type { Order } from "./memory/memory.ts"

/** What is done outside: a webhook, a refund, or asking for the end of a trade that was left open. */
export type OutboundTaskKind = "webhook" | "refund" | "close"

/** The payment that an event is about. */
export interface MoneyTold {
  readonly payment: string
  readonly amount: number
  /** With `returned` alone. */
  readonly why?: ReturnReason | undefined
}

interface OrderTold {
  readonly event: ShopEvent
  readonly at: number
  readonly sale: string
  readonly number: number
  readonly currency: string
  readonly order: Order | null
  readonly item: string | null
  readonly money: MoneyTold | null
}

export const shopTold = ({ event, at, sale, number, currency, order, item, money }: OrderTold): ShopTold => ({
  event,
  at,
  sale,
  order: `${sale}.${number}`,
  user: order?.ticket.user ?? null,
  item,
  price: order?.price ?? null,
  currency,
  offer: order?.offer ?? false,
  payBy: order?.payBy ?? null,
  live: order !== null && isLive(order.state),
  ...money,
})

export function writeOutboundTask(ledger: Ledger, kind: OutboundTaskKind, body: object, dueAt: number): void {
  ledger.run("INSERT INTO errands (kind, body, due_at) VALUES (?, ?, ?)", kind, JSON.stringify(body), dueAt)
}

/** An event stands behind those of its order that are still to be told, and is not due before them. */
export function writeShopEvent(ledger: Ledger, told: ShopTold): void {
  const before = ledger.one<{ at: number | null }>(
    // Left to itself SQLite looks for the maximum through all that is due.
    `SELECT max(due_at) AS at FROM errands INDEXED BY errands_of_order
     WHERE kind = 'webhook' AND json_extract(body, '$.order') = ? AND done_at IS NULL`,
    told.order,
  )
  writeOutboundTask(ledger, "webhook", told, Math.max(told.at, before?.at ?? 0))
}

interface PaymentWritten {
  readonly payment: string
  /** The sale's key. */
  readonly sale: number
  readonly number: number
  readonly amount: number
  readonly state: "kept" | "refund_due"
  readonly at: number
}

/** Writes down that there is money, and what becomes of it. */
export function writePayment(
  ledger: Ledger,
  { payment, sale, number, amount, state, at }: PaymentWritten,
): void {
  ledger.run(
    "INSERT INTO payments (id, sale, number, amount, state, at) VALUES (?, ?, ?, ?, ?, ?)",
    ...[payment, sale, number, amount, state, at],
  )
}
