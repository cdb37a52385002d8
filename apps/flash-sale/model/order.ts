// The life of an order: from the unit that is held for it to the money, or back. Money is never argued with: paid wins
// over expired, and money that comes too late buys a unit again or is paid back.
import type { Machine } from "./machine.ts"

export type OrderState =
  /** A unit is held; the buyer has until `payBy`. */
  | "pending"
  /** The money is here and the unit is the buyer's. */
  | "paid"
  /** Not paid in time; the unit went to the next or back on sale. */
  | "expired"
  /** The buyer gave it back before paying. */
  | "cancelled"
  /** There is money that must go back. */
  | "refund_due"
  /** The money went back. */
  | "refunded"

export type OrderEvent =
  /** Money came, and a unit is held or can be. */
  | "money"
  /** Money came, and no unit is to be had. */
  | "money_without_unit"
  | "timeout"
  | "cancel"
  /** The shop takes a paid order back. */
  | "take_back"
  | "refund_done"

export const orderMachine: Machine<OrderState, OrderEvent> = {
  pending: {
    money: "paid",
    money_without_unit: "never",
    timeout: "expired",
    cancel: "cancelled",
    take_back: "same",
    refund_done: "never",
  },
  paid: {
    money: "same",
    money_without_unit: "same",
    timeout: "same",
    cancel: "same",
    take_back: "refund_due",
    refund_done: "same",
  },
  expired: {
    money: "paid",
    money_without_unit: "refund_due",
    timeout: "same",
    cancel: "same",
    take_back: "same",
    refund_done: "never",
  },
  // Who cancelled does not want it any more, whether there is a unit or not.
  cancelled: {
    money: "refund_due",
    money_without_unit: "refund_due",
    timeout: "same",
    cancel: "same",
    take_back: "same",
    refund_done: "never",
  },
  refund_due: {
    money: "same",
    money_without_unit: "same",
    timeout: "same",
    cancel: "same",
    take_back: "same",
    refund_done: "refunded",
  },
  refunded: {
    money: "same",
    money_without_unit: "same",
    timeout: "same",
    cancel: "same",
    take_back: "same",
    refund_done: "same",
  },
}

/** A live order holds or owns a unit; a buyer has at most one in a sale. */
export const isLive = (state: OrderState): boolean => state === "pending" || state === "paid"
