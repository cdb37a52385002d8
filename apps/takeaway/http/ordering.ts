// Taking orders, in three shapes with one meaning: ours, and those of the first desk, whose pages work unchanged. What is
// answered with success is on the disk.
import { createHash } from "node:crypto"
import type { AppRequest } from "../../kit/http/app-request.ts"
import { answer } from "../../kit/http/problem.ts"
import { type NotPlaced, placeBill, type PlacedBill } from "../database/place-bill.ts"
import { listShops } from "../database/shops.ts"
import { type NoOrder, type OrderField, readOrder } from "../model/order.ts"
import { customerOf } from "./identity.ts"
import type { Endpoint, Takeaway } from "./takeaway.ts"

/** The first desk allowed pages of any origin to order and to see menus. No cookie of theirs counts, so nothing is given away. */
const openToAll = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
} as const

export const allowAll: Endpoint = () => new Response(null, { status: 204, headers: openToAll })

interface Refusal {
  readonly errorCode: number
  readonly status: number
  readonly says: string
}

const refusals: Readonly<Record<NotPlaced | NoOrder["wrong"], Refusal>> = {
  empty: { errorCode: -1, status: 400, says: "Something is missing." },
  closed: { errorCode: -2, status: 409, says: "the shop is not working now, please wait..." },
  no_such_shop: { errorCode: -3, status: 404, says: "There is no such shop." },
  no_such_dish: { errorCode: -4, status: 404, says: "The shop has no such dish." },
  key_conflict: {
    errorCode: -5,
    status: 409,
    says: "This Idempotency-Key was used for another order.",
  },
  too_many_bills: {
    errorCode: -6,
    status: 429,
    says: "You have ten bills under way; wait for one of them.",
  },
  too_busy: { errorCode: -8, status: 429, says: "The kitchen has more bills than it can cook; try later." },
  malformed: { errorCode: -7, status: 400, says: "This is no order." },
}

type Outcome =
  | PlacedBill
  | {
      readonly refused: NotPlaced | NoOrder["wrong"]
      readonly says: string
      /** What of the order it is about, where it is about one thing. */
      readonly field?: OrderField
    }

async function take(takeaway: Takeaway, body: unknown, request: AppRequest): Promise<Outcome> {
  const order = readOrder(body)
  if ("wrong" in order) return { refused: order.wrong, says: order.detail, field: order.field }
  const key = request.request.headers.get("idempotency-key")
  if (key !== null && !/^[\x21-\x7e]{1,100}$/.test(key))
    return { refused: "malformed", says: "An Idempotency-Key has 1 to 100 visible ASCII characters." }
  // From a page of the first desk no cookie counts: then it is by name, address and telephone that a customer is the same.
  const contact = JSON.stringify([order.name, order.address, order.telephone])
  const byContact = `c-by-${createHash("sha256").update(contact).digest("hex").slice(0, 24)}`
  const placed = await placeBill(takeaway.database, {
    order,
    customer: customerOf(takeaway, request) ?? byContact,
    key,
    now: takeaway.clock(),
  })
  if (typeof placed === "string") return { refused: placed, says: refusals[placed].says }
  if (!placed.repeated) takeaway.wake()
  return placed
}

/** What is no JSON is no order either, and is answered in an order's own words. */
const orderIn = ({ request }: AppRequest): Promise<unknown> => request.json().catch(() => undefined)

const isOfFirstDesk = (body: unknown): boolean =>
  typeof body === "object" && body !== null && "shop_name" in body && !("shop" in body)

/**
 * `POST /bill` answers `{error_code, error_msg}` as the first desk did, and beside it what our page needs. The first
 * desk's shape gets status 200 whatever comes of it, because its page reads nothing else.
 */
export const orderBill: Endpoint = async (takeaway, request) => {
  const body = await orderIn(request)
  const old = isOfFirstDesk(body)
  const outcome = await take(takeaway, body, request)
  if ("refused" in outcome) {
    const { errorCode, status } = refusals[outcome.refused]
    return answer(
      { error_code: errorCode, error_msg: outcome.says, code: outcome.refused, field: outcome.field },
      old ? 200 : status,
      openToAll,
    )
  }
  return answer(
    { error_code: 0, error_msg: "success", bill: outcome.bill, repeated: outcome.repeated },
    old || outcome.repeated ? 200 : 201,
    openToAll,
  )
}

/** `POST /order`, as the first desk's second version had it: `{code, message}`. */
export const orderWithCode: Endpoint = async (takeaway, request) => {
  const outcome = await take(takeaway, await orderIn(request), request)
  return "refused" in outcome
    ? answer({ code: refusals[outcome.refused].errorCode, message: outcome.says }, 200, openToAll)
    : answer({ code: 0, message: "success", data: outcome.bill }, 200, openToAll)
}

/** `GET /get_shop_info`: the dishes of each shop, with prices in yuan, as the first desk's page reads them. */
export const showShopInfo: Endpoint = async ({ database }) => {
  const shops = await listShops(database)
  const info = shops.map(({ shop, dishes }) => [
    shop,
    dishes.map(({ id, price }) => ({ dish: id, price: price / 100 })),
  ])
  return answer(Object.fromEntries(info), 200, openToAll)
}

/** `GET /pgws` is a WebSocket, and sockets are Laba's. */
export const pointToSocket: Endpoint = ({ labaFor }, request) => {
  const address = `${labaFor(request).replace(/^http/, "ws")}/pgws`
  return answer({ detail: `The socket is at ${address}` }, 426, {
    Upgrade: "websocket",
    Link: `<${address}>`,
  })
}
