// What a buyer can do: look, log in, get a token, enter, see how it stands, leave, pay, cancel.
import { isLive } from "../model/order.ts"
import { refuse } from "../model/wire/refusal.ts"
import type { Ticket } from "../book/memory/memory.ts"
import type { Sale } from "../book/sale.ts"
import { retryAfterSeconds } from "../payments/cashier.ts"
import { cameByHttps } from "../../kit/http/https.ts"
import { cookieHeader } from "../../kit/http/signed-cookie.ts"
import { listenSeconds } from "../../kit/laba/listen-token.ts"
import { answer, problem, Problem, refusalOf, responseOf } from "./answers.ts"
import { bodyOf, textOf } from "./body.ts"
import { noSuchSale } from "./entering.ts"
import { cookieName, loginSeconds } from "./login.ts"
import { drawRecord, saleView } from "./views/sale-view.ts"
import type { Ask, Endpoint, Shop } from "./shop.ts"
import { ticketView } from "./views/ticket-view.ts"
import { guardForgery } from "./visitors.ts"

export function saleOf(shop: Shop, { names }: Ask): Sale {
  const sale = shop.sales.find(names["sale"] ?? "")
  if (!sale) throw noSuchSale()
  return sale
}

function ticketOf(sale: Sale, user: string): Ticket {
  let ticket = sale.book.byUser.get(user) ?? null
  if (!ticket) throw new Problem(404, "no_ticket", "You hold no ticket of this sale.")
  // An older ticket whose order was paid late is the one that matters.
  for (let older: Ticket | null = ticket; older; older = older.previous)
    if (older.order && isLive(older.order.state)) ticket = older
  return ticket
}

export const logIn: Endpoint = async (shop, ask) => {
  if (!shop.demo) throw new Problem(404, "not_found", "This shop has its own login.")
  guardForgery(ask.request, shop.publicUrl)
  const address = shop.addressOf(ask.request)
  const tooFast = address === null ? 0 : (shop.addresses?.attempt(address) ?? 0)
  if (tooFast > 0) return responseOf(refusalOf(refuse("TOO_FAST", { retryAfterSeconds: tooFast })))
  const { user } = await bodyOf(ask.request)
  const token = typeof user === "string" ? shop.demo.issue(user, shop.clock()) : null
  if (token === null)
    throw new Problem(400, "bad_user", "A name has 1 to 64 characters, without spaces and slashes.")
  const cookie = cookieHeader(cookieName, token, {
    seconds: loginSeconds,
    site: "Strict",
    isSecure: cameByHttps(ask.request.headers, shop.publicUrl),
  })
  return answer({ user, token }, 200, { "Set-Cookie": cookie })
}

export const clock: Endpoint = (shop) => answer({ now: shop.clock() })

export const listSales: Endpoint = (shop) =>
  answer({ sales: shop.sales.all.map((sale) => saleView(sale, shop.labaUrl())) })

export const showSale: Endpoint = (shop, ask) => answer(saleView(saleOf(shop, ask), shop.labaUrl()))

export const showDraw: Endpoint = (shop, ask) => answer(drawRecord(saleOf(shop, ask)))

export const issueToken: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const token = shop.admissionOf(sale).token(ask.user, shop.addressOf(ask.request))
  if (typeof token === "string") return answer({ token })
  shop.counters.refuse(sale, token.refused)
  return responseOf(refusalOf(token))
}

export const issueListenToken: Endpoint = (shop, { user }) =>
  answer({ laba: shop.labaUrl(), token: shop.listenToken(user), expiresInSeconds: listenSeconds })

export const showTicket: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const ticket = ticketOf(sale, ask.user)
  // They may be back from the payment page, and its callback lost.
  shop.cashier.look(sale, ticket.number)
  return answer(ticketView(sale, ticket, shop.labaUrl()))
}

export const leaveQueue: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const ticket = ticketOf(sale, ask.user)
  if (!sale.leave(ticket) && ticket.state !== "left")
    throw new Problem(409, "not_waiting", "The ticket does not wait any more; an order is cancelled instead.")
  shop.wake()
  return answer(ticketView(sale, ticketOf(sale, ticket.user), shop.labaUrl()))
}

export const payOrder: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const ticket = ticketOf(sale, ask.user)
  const opened = await shop.cashier.open(sale, ticket.number)
  if ("payUrl" in opened) return answer(opened)
  if (opened.failed === "no_order") throw new Problem(404, "no_order", "There is no order to pay.")
  if (opened.failed === "not_payable")
    throw new Problem(409, "not_payable", "The order cannot be paid any more.")
  return providerAway()
}

const providerAway = (): Response =>
  problem(503, "provider_away", "The payment provider does not answer; try again.", {
    headers: { "Retry-After": String(retryAfterSeconds) },
    members: { retryAfterSeconds },
  })

export const cancelOrder: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const { number, user } = ticketOf(sale, ask.user)
  const cancelled = await shop.cashier.cancel(sale, number)
  shop.wake()
  if (cancelled === "provider_away") return providerAway()
  if (cancelled === "no_order") throw new Problem(404, "no_order", "There is no order to cancel.")
  if (cancelled === "not_cancelled")
    throw new Problem(409, "not_cancelled", "Only an order that is unpaid can be cancelled.")
  return answer(ticketView(sale, ticketOf(sale, user), shop.labaUrl()))
}

export const receiveCallback: Endpoint = async (shop, { request }) => {
  const body = await textOf(request)
  const received = shop.cashier.receive(request.headers, body)
  if (received === null) throw new Problem(403, "forbidden", "This is no callback, or not signed as one.")
  // Not acknowledged: the provider shall see that somebody's money has come to the wrong place.
  if (!received) throw new Problem(404, "unknown_order", "This payment is for no sale of this shop.")
  shop.wake()
  return answer({ received })
}
