// Every address of the API in one table: who may, what it does. The router and the OpenAPI description are made from it.
import {
  cancelOrder,
  clock,
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
  listPastSales,
  listRefunds,
  openSale,
  pauseSale,
  rescheduleSale,
  retryRefund,
  settleRefund,
  showCurves,
  takeOrderBack,
} from "./operator.ts"
import type { Endpoint } from "./shop.ts"

export interface Route {
  readonly method: string
  /** Names in braces stand for one part. */
  readonly path: string
  readonly who: Who
  readonly does: string
  /** Status and schema of success. */
  readonly answers: readonly [status: number, schema: string]
  readonly takes: string | undefined
  /** The code of a problem that `?or=null` makes `null`, for who asks only to find out: browsers write every error into their console. */
  readonly orNull: string | undefined
  /** Null: a thread at the front answers it, and it never comes as far as the router. */
  readonly endpoint: Endpoint | null
}

type Who = "anyone" | "buyer" | "operator" | "provider"

/** `call`: method and path; `bodies`: the schema of what it takes, if it takes anything, then status and schema of what it answers. */
type Row = readonly [call: string, endpoint: Endpoint | null, bodies: string, does: string, orNull?: string]

const routesFor = (who: Who, base: string, rows: readonly Row[]): Route[] =>
  rows.map(([call, endpoint, bodies, does, orNull]) => {
    const [method = "", path = ""] = call.split(" ")
    const [schema = "", status, takes] = bodies.split(" ").toReversed()
    return {
      method,
      path: base + path,
      who,
      does,
      takes,
      answers: [Number(status), schema],
      orNull,
      endpoint,
    }
  })

export const routes: readonly Route[] = [
  ...routesFor("anyone", "/api", [
    ["POST /login", logIn, "LogIn 200 LoggedIn", "Log in by name, to try a sale out"],
    ["GET /clock", clock, "200 Clock", "The server's clock"],
    ["GET /sales", listSales, "200 Sales", "All sales"],
    ["GET /sales/{sale}", showSale, "200 Sale", "A sale and how it stands"],
    ["GET /sales/{sale}/draw", showDraw, "200 Draw", "The draw, to be computed again"],
  ]),
  ...routesFor("buyer", "/api", [
    [
      "POST /listen",
      issueListenToken,
      "200 Listen",
      "A token to listen at Laba with, and where that is; with ?or=null null for who is not logged in",
      "unauthorized",
    ],
  ]),
  ...routesFor("buyer", "/api/sales/{sale}", [
    ["POST /token", issueToken, "200 BuyToken", "A single-use buy token, from the start on"],
    ["POST /tickets", null, "Enter 201 Admission", "Enter the queue. Needs an Idempotency-Key"],
    [
      "GET /ticket",
      showTicket,
      "200 Ticket",
      "How the caller's ticket stands; with ?or=null null for who holds none",
      "no_ticket",
    ],
    ["DELETE /ticket", leaveQueue, "200 Ticket", "Leave the queue"],
    ["POST /order/pay", payOrder, "200 PayUrl", "Where to pay the caller's order"],
    ["DELETE /order", cancelOrder, "200 Ticket", "Cancel the caller's unpaid order"],
  ]),
  ...routesFor("provider", "/api", [
    [
      "POST /payments/callback",
      receiveCallback,
      "Callback 200 Received",
      "The payment provider tells of a payment",
    ],
  ]),
  ...routesFor("operator", "/api/operator", [
    ["POST /sales", createSale, "SaleSettings 201 OperatorSale", "Make a sale"],
    [
      "GET /refunds",
      listRefunds,
      "200 Refunds",
      "Money that is owed to buyers: still to be paid back, or refused by the provider",
    ],
    [
      "POST /refunds/{payment}/settle",
      settleRefund,
      "200 Refund",
      "Say that what the provider would not pay back was paid back by hand",
    ],
    [
      "POST /refunds/{payment}/retry",
      retryRefund,
      "200 Refund",
      "Ask the provider once more to pay back what it has refused",
    ],
    ["GET /past-sales", listPastSales, "200 PastSales", "What is left of sales whose books were put away"],
    [
      "POST /verify",
      checkBooks,
      "200 Verdict",
      "Check the books and everybody's channel now; a channel that is behind is told again",
    ],
  ]),
  ...routesFor("operator", "/api/operator/sales/{sale}", [
    ["GET", inspectSale, "200 OperatorSale", "A sale with what only the operator sees"],
    ["GET /curves", showCurves, "200 Curves", "The last ten minutes of a sale, a sample a second"],
    ["POST /open", openSale, "200 OperatorSale", "Open now, or go on after a pause"],
    ["POST /pause", pauseSale, "200 OperatorSale", "Take tickets and decide nothing"],
    ["POST /close", closeSale, "200 OperatorSale", "Close for good; who waits is told"],
    [
      "PUT /start",
      rescheduleSale,
      "Start 200 OperatorSale",
      "Move the start of a sale that nobody has entered yet",
    ],
    ["PUT /inflow", changeInflow, "Inflow 200 OperatorSale", "Tickets decided a second; null is no limit"],
    ["POST /orders/{number}/refund", takeOrderBack, "202 Refund", "Take a paid order back"],
    ["GET /orders.csv", exportOrders, "200 Csv", "All orders as CSV"],
  ]),
]
