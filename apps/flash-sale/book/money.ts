// What money and its absence do to orders. Every road is a compare-and-set on the order: a callback may come twice, late
// or after the unit went to somebody else, and each payment ends kept or refunded.
import type { SaleTransaction } from "./sale-transaction.ts"
import { settleItem } from "./decide.ts"
import type { ReturnReason } from "../model/wire/api.ts"
import { writePayment } from "./outbound-task.ts"
import type { Order } from "./memory/memory.ts"

/** A payment as the provider tells of it. */
export interface Payment {
  /** The provider's own, unique and stable over repeats. */
  readonly id: string
  readonly amount: number
}

/** Takes a payment for an order. Repeats change nothing. */
export function takeMoney(act: SaleTransaction, order: Order, payment: Payment): void {
  if (isKnown(act, payment)) return
  const { book } = act
  const item = book.itemOf(order.ticket)
  const before = order.state
  // A wrong amount buys nothing: it goes back, and the order waits for the right one.
  const rightAmount = payment.amount === order.price
  const money = { payment: payment.id, amount: payment.amount }
  if (rightAmount && before === "pending") {
    act.moveOrder(order, "money", money)
    act.moveUnit(item, "sell")
  } else if (rightAmount && before === "expired") {
    // Whoever has come back since and stands in the queue again would end up with two.
    const again = book.byUser.get(order.ticket.user) !== order.ticket
    if (item.counts.available > 0 && !again) {
      act.moveUnit(item, "hold")
      act.moveOrder(order, "money", money)
      act.moveUnit(item, "sell")
    } else act.moveOrder(order, "money_without_unit")
  } else if (before === "cancelled") act.moveOrder(order, "money")
  const kept = order.state === "paid" && before !== "paid"
  write(act, order.ticket.number, payment, kept)
  if (kept) settleItem(act, item)
}

/** Money for an order that there is not, and never was: it is written down, so that its way back is watched, and goes back. */
export function returnMoney(act: SaleTransaction, number: number, payment: Payment): void {
  if (!isKnown(act, payment)) write(act, number, payment, false)
}

const isKnown = (act: SaleTransaction, payment: Payment): boolean =>
  act.ledger.one("SELECT 1 FROM payments WHERE id = ?", payment.id) !== null

function write(act: SaleTransaction, number: number, { id, amount }: Payment, kept: boolean): void {
  const { ledger, book, now: at } = act
  const state = kept ? "kept" : "refund_due"
  writePayment(ledger, { payment: id, sale: book.key, number, amount, state, at })
  if (!kept) act.addTask("refund", { payment: id, sale: act.book.settings.id, number })
}

/**
 * Ends an unpaid order; its unit goes to the next. False when it was not pending any more: paid wins. When the provider
 * could not say that its trade is over (`isOpen`), that stays to be asked: whoever pays then must not be forgotten.
 */
export function endUnpaid(
  act: SaleTransaction,
  order: Order,
  event: "timeout" | "cancel",
  isOpen = false,
): boolean {
  if (order.state !== "pending" || !act.moveOrder(order, event)) return false
  if (isOpen) {
    const { id: sale } = act.book.settings
    act.addTask("close", { sale, number: order.ticket.number, reference: act.book.referenceOf(order) })
  }
  const item = act.book.itemOf(order.ticket)
  act.moveUnit(item, "release")
  settleItem(act, item)
  return true
}

/** The shop takes a paid order back: the money returns to the buyer, the unit to the sale. */
export function takeBack(act: SaleTransaction, order: Order): boolean {
  if (!act.moveOrder(order, "take_back")) return false
  const paid = act.ledger.one<{ id: string }>(
    "SELECT id FROM payments WHERE sale = ? AND number = ? AND state = 'kept'",
    act.book.key,
    order.ticket.number,
  )
  if (paid === null) throw new Error(`No payment is kept for the paid order ${order.ticket.number}.`)
  act.ledger.run(
    "UPDATE payments SET state = 'refund_due', at = ? WHERE id = ? AND state = 'kept'",
    act.now,
    paid.id,
  )
  act.addTask("refund", { payment: paid.id, sale: act.book.settings.id, number: order.ticket.number })
  const item = act.book.itemOf(order.ticket)
  act.moveUnit(item, "take_back")
  settleItem(act, item)
  return true
}

/** Also when the provider would not pay it back: until an operator has. */
const isOwed = "state IN ('refund_due', 'refused')"

/** The money went back. Repeats change nothing. */
export function refundDone(act: SaleTransaction, number: number, payment: string): void {
  const row = act.ledger.one<{ amount: number }>(
    `SELECT amount FROM payments WHERE id = ? AND ${isOwed}`,
    payment,
  )
  if (row === null) return
  act.ledger.run(`UPDATE payments SET state = 'refunded' WHERE id = ? AND ${isOwed}`, payment)
  const money = { payment, amount: row.amount }
  const order = act.book.tickets.get(number)?.order ?? null
  const due = act.ledger.one(
    `SELECT 1 FROM payments WHERE sale = ? AND number = ? AND ${isOwed}`,
    act.book.key,
    number,
  )
  if (order?.state === "refund_due" && due === null) act.moveOrder(order, "refund_done", money)
  // The order is what it was, and its buyer hears nothing; who keeps the accounts does.
  else act.tellShop("returned", number, { ...money, why: whyReturned(order, row.amount) })
}

function whyReturned(order: Order | null, amount: number): ReturnReason {
  if (order === null) return "no_order"
  return amount === order.price ? "second" : "wrong_amount"
}
