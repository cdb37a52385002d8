// What a buyer can do: look, log in, get a token, enter, see how it stands, leave, pay, cancel.
import { isLive } from "../model/order.ts"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"
import type { EntryAnswer } from "../intake/desk.ts"
import { listenSeconds } from "../delivery/listen-token.ts"
import { answer, Problem, refusalAnswer } from "./answers.ts"
import { cookieName, loginSeconds } from "./login.ts"
import { drawRecord, saleView } from "./sale-view.ts"
import type { Ask, Endpoint, Shop } from "./shop.ts"
import { admissionView, ticketView } from "./ticket-view.ts"
import { buyerOf } from "./visitors.ts"

/** A body longer than that is no request of ours. */
export const bodyCharsMax = 16_384

export async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text.length > bodyCharsMax) throw new Problem(413, "too_large", "The body is too large.")
  if (text === "") return {}
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === "object" && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>
  } catch {
    // It is told below.
  }
  throw new Problem(400, "bad_body", "The body is a JSON object.")
}

export function saleOf(shop: Shop, { names }: Ask): Sale {
  const sale = shop.sales.find(names["sale"] ?? "")
  if (!sale) throw new Problem(404, "not_found", "There is no such sale.")
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
  const { user } = await bodyOf(ask.request)
  const token = typeof user === "string" ? shop.demo.issue(user, shop.clock()) : null
  if (token === null)
    throw new Problem(400, "bad_user", "A name has 1 to 64 characters, without spaces and slashes.")
  const cookie = `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${loginSeconds}`
  return answer({ user, token }, 200, { "Set-Cookie": cookie })
}

export const clock: Endpoint = (shop) => answer({ now: shop.clock() })

export const listSales: Endpoint = (shop) =>
  answer({ sales: shop.sales.all.map((sale) => saleView(sale, shop.labaUrl())) })

export const showSale: Endpoint = (shop, ask) => answer(saleView(saleOf(shop, ask), shop.labaUrl()))

export const showDraw: Endpoint = (shop, ask) => answer(drawRecord(saleOf(shop, ask)))

export const issueToken: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const token = shop.deskOf(sale).token(buyerOf(shop, ask))
  if (typeof token === "string") return answer({ token })
  shop.counters.refuse(token.refused)
  return refusalAnswer(token)
}

export const issueListenToken: Endpoint = (shop, ask) => {
  const user = buyerOf(shop, ask)
  return answer({ laba: shop.labaUrl(), token: shop.listenToken(user), expiresInSeconds: listenSeconds })
}

export const enter: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const user = buyerOf(shop, ask)
  const key = ask.request.headers.get("idempotency-key")
  if (key === null || key.length === 0 || key.length > 255)
    throw new Problem(
      400,
      "bad_key",
      "An Idempotency-Key of 1 to 255 characters makes a retry safe; send one.",
    )
  const refused = shop.deskOf(sale).turnAway(user, key)
  if (refused === null) return admit(shop, sale, { user, key, request: ask.request })
  if (refused instanceof Promise) return refused.then((refusal) => entryAnswer(shop, sale, refusal))
  return entryAnswer(shop, sale, refused)
}

async function admit(
  shop: Shop,
  sale: Sale,
  { user, key, request }: { readonly user: string; readonly key: string; readonly request: Request },
): Promise<Response> {
  const { token, item } = await bodyOf(request)
  const entered = shop.deskOf(sale).admit({
    user,
    item: typeof item === "string" ? item : null,
    key,
    token: typeof token === "string" ? token : null,
  })
  const answered = entered instanceof Promise ? await entered : entered
  if ("ticket" in answered && answered.isNew) await shop.announced?.(sale, answered.ticket)
  return entryAnswer(shop, sale, answered)
}

function entryAnswer(shop: Shop, sale: Sale, entered: EntryAnswer): Response {
  if ("ticket" in entered) {
    const view = admissionView(sale, entered.ticket, shop.labaUrl())
    if (entered.isNew) shop.counters.admitted += 1
    else shop.counters.repeated += 1
    return answer(view, 201)
  }
  shop.counters.refuse(entered.refused)
  const held = entered.number === undefined ? undefined : sale.book.tickets[entered.number - 1]
  return refusalAnswer(entered, held && ticketView(sale, held, shop.labaUrl()))
}

export const showTicket: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  return answer(ticketView(sale, ticketOf(sale, buyerOf(shop, ask)), shop.labaUrl()))
}

export const leaveQueue: Endpoint = (shop, ask) => {
  const sale = saleOf(shop, ask)
  const ticket = ticketOf(sale, buyerOf(shop, ask))
  if (!sale.leave(ticket) && ticket.state !== "left")
    throw new Problem(409, "not_waiting", "The ticket does not wait any more; an order is cancelled instead.")
  shop.wake()
  return answer(ticketView(sale, ticketOf(sale, ticket.user), shop.labaUrl()))
}

export const payOrder: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const ticket = ticketOf(sale, buyerOf(shop, ask))
  const opened = await shop.cashier.open(sale, ticket.number)
  if ("payUrl" in opened) return answer(opened)
  if (opened.failed === "no_order") throw new Problem(404, "no_order", "There is no order to pay.")
  if (opened.failed === "not_payable")
    throw new Problem(409, "not_payable", "The order cannot be paid any more.")
  throw new Problem(503, "provider_away", "The payment provider does not answer; try again.")
}

export const cancelOrder: Endpoint = async (shop, ask) => {
  const sale = saleOf(shop, ask)
  const { number, user } = ticketOf(sale, buyerOf(shop, ask))
  const cancelled = await shop.cashier.cancel(sale, number)
  if (!cancelled && sale.orderOf(number)?.state !== "cancelled")
    throw new Problem(
      409,
      "not_cancelled",
      "The order is not unpaid, or the payment provider does not answer.",
    )
  shop.wake()
  return answer(ticketView(sale, ticketOf(sale, user), shop.labaUrl()))
}

export const receiveCallback: Endpoint = async (shop, { request }) => {
  const body = await request.text()
  if (body.length > bodyCharsMax) throw new Problem(413, "too_large", "The body is too large.")
  const received = shop.cashier.receive(request.headers, body)
  if (received === null) throw new Problem(403, "forbidden", "The signature is wrong.")
  shop.wake()
  return answer({ received })
}
