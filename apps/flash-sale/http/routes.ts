// Every address of the API in one table: who may, what it does. The router and the OpenAPI description are made from it.
import {
  cancelOrder,
  clock,
  enter,
  issueListenToken,
  issueToken,
  leaveQueue,
  listSales,
  logIn,
  payOrder,
  receiveCallback,
  showDraw,
  showSale,
  showTicket,
} from "./buyer.ts"
import {
  changeInflow,
  checkBooks,
  closeSale,
  createSale,
  exportOrders,
  inspectSale,
  openSale,
  pauseSale,
  takeOrderBack,
} from "./operator.ts"
import type { Endpoint } from "./shop.ts"

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** Names in braces stand for one part. */
  readonly path: string
  readonly who: "anyone" | "buyer" | "operator" | "provider"
  readonly does: string
  /** Status and schema of success. */
  readonly answers: readonly [status: number, schema: string]
  readonly takes?: string
  readonly endpoint: Endpoint
}

const sale = "/api/sales/{sale}"
const run = "/api/operator/sales/{sale}"

export const routes: readonly Route[] = [
  {
    method: "POST",
    path: "/api/login",
    who: "anyone",
    does: "Log in by name, to try a sale out",
    takes: "LogIn",
    answers: [200, "LoggedIn"],
    endpoint: logIn,
  },
  {
    method: "GET",
    path: "/api/clock",
    who: "anyone",
    does: "The server's clock",
    answers: [200, "Clock"],
    endpoint: clock,
  },
  {
    method: "POST",
    path: "/api/listen",
    who: "buyer",
    does: "A token to listen at Laba with, and where that is",
    answers: [200, "Listen"],
    endpoint: issueListenToken,
  },
  {
    method: "GET",
    path: "/api/sales",
    who: "anyone",
    does: "All sales",
    answers: [200, "Sales"],
    endpoint: listSales,
  },
  {
    method: "GET",
    path: sale,
    who: "anyone",
    does: "A sale and how it stands",
    answers: [200, "Sale"],
    endpoint: showSale,
  },
  {
    method: "GET",
    path: `${sale}/draw`,
    who: "anyone",
    does: "The draw, to be computed again",
    answers: [200, "Draw"],
    endpoint: showDraw,
  },
  {
    method: "POST",
    path: `${sale}/token`,
    who: "buyer",
    does: "A single-use buy token, from the start on",
    answers: [200, "BuyToken"],
    endpoint: issueToken,
  },
  {
    method: "POST",
    path: `${sale}/tickets`,
    who: "buyer",
    does: "Enter the queue. Needs an Idempotency-Key",
    takes: "Enter",
    answers: [201, "Admission"],
    endpoint: enter,
  },
  {
    method: "GET",
    path: `${sale}/ticket`,
    who: "buyer",
    does: "How the caller's ticket stands",
    answers: [200, "Ticket"],
    endpoint: showTicket,
  },
  {
    method: "DELETE",
    path: `${sale}/ticket`,
    who: "buyer",
    does: "Leave the queue",
    answers: [200, "Ticket"],
    endpoint: leaveQueue,
  },
  {
    method: "POST",
    path: `${sale}/order/pay`,
    who: "buyer",
    does: "Where to pay the caller's order",
    answers: [200, "PayUrl"],
    endpoint: payOrder,
  },
  {
    method: "DELETE",
    path: `${sale}/order`,
    who: "buyer",
    does: "Cancel the caller's unpaid order",
    answers: [200, "Ticket"],
    endpoint: cancelOrder,
  },
  {
    method: "POST",
    path: "/api/payments/callback",
    who: "provider",
    does: "The payment provider tells of a payment",
    takes: "Callback",
    answers: [200, "Received"],
    endpoint: receiveCallback,
  },
  {
    method: "POST",
    path: "/api/operator/sales",
    who: "operator",
    does: "Make a sale",
    takes: "SaleSettings",
    answers: [201, "OperatorSale"],
    endpoint: createSale,
  },
  {
    method: "GET",
    path: run,
    who: "operator",
    does: "A sale with what only the operator sees",
    answers: [200, "OperatorSale"],
    endpoint: inspectSale,
  },
  {
    method: "POST",
    path: `${run}/open`,
    who: "operator",
    does: "Open now, or go on after a pause",
    answers: [200, "OperatorSale"],
    endpoint: openSale,
  },
  {
    method: "POST",
    path: `${run}/pause`,
    who: "operator",
    does: "Take tickets and decide nothing",
    answers: [200, "OperatorSale"],
    endpoint: pauseSale,
  },
  {
    method: "POST",
    path: `${run}/close`,
    who: "operator",
    does: "Close for good; who waits is told",
    answers: [200, "OperatorSale"],
    endpoint: closeSale,
  },
  {
    method: "PUT",
    path: `${run}/inflow`,
    who: "operator",
    does: "Tickets decided a second; null is no limit",
    takes: "Inflow",
    answers: [200, "OperatorSale"],
    endpoint: changeInflow,
  },
  {
    method: "POST",
    path: `${run}/orders/{number}/refund`,
    who: "operator",
    does: "Take a paid order back",
    answers: [202, "Refund"],
    endpoint: takeOrderBack,
  },
  {
    method: "GET",
    path: `${run}/orders.csv`,
    who: "operator",
    does: "All orders as CSV",
    answers: [200, "Csv"],
    endpoint: exportOrders,
  },
  {
    method: "POST",
    path: "/api/operator/verify",
    who: "operator",
    does: "Check the books now",
    answers: [200, "Verdict"],
    endpoint: checkBooks,
  },
]
