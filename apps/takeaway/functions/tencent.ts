// The same three functions as the first desk had them behind Tencent Cloud's API gateway, with its exact JSON: pages that
// open `/pgws` and say the name of their shop work unchanged, once they show who they are.
import { addConnection, nameShop, removeConnection } from "../books/connections.ts"
import { billsOfShop } from "../books/read-bills.ts"
import { findShop } from "../books/shops.ts"
import { answer, bodyOf, Problem } from "../http/answers.ts"
import type { Call, Desk, Endpoint } from "../http/desk.ts"
import type { BillRecord } from "../model/bill.ts"
import { heed, readPlainWord } from "./kitchen-words.ts"
import { isSigned } from "./signature.ts"

interface GatewayCall {
  readonly requestContext?: { readonly identity?: { readonly secretId?: unknown } }
  readonly websocket?: {
    readonly action?: unknown
    readonly secConnectionID?: unknown
    readonly dataType?: unknown
    readonly data?: unknown
  }
}

/** A bill as the first desk pushed it; the number at the end is ours, so that it can be answered. */
export const pushedLine = ({ bill, shop, dishes, address, telephone }: BillRecord): string => {
  const what = dishes.map(({ dish, count }) => (count === 1 ? dish : `${dish} x${count}`)).join(", ")
  return `shop : ${shop} , you get a bill  ${what}, addr ${address} , telephone ${telephone} , bill ${bill} `
}

/** `action: connecting`: only who has logged in to a shop comes in. The connection's own shop is known, but not yet open. */
export const register: Endpoint = async (desk, call) => {
  const { requestContext, websocket } = await gatewayCall(desk, call)
  if (!requestContext) return answer({ errNo: 101, errMsg: "not found request context" })
  const id = websocket?.secConnectionID
  if (typeof id !== "string") return answer({ errNo: 102, errMsg: "not found web socket" })
  const shop = requestContext.identity?.secretId
  if (typeof shop !== "string" || !(await findShop(desk.books, shop)))
    return answer({ errNo: 103, errMsg: "log in to a shop first" })
  await addConnection(desk.books, { id, login: shop, shop: null, dialect: "tencent", now: desk.clock() })
  return answer({ errNo: 0, errMsg: "ok", websocket: { action: "connecting", secConnectionID: id } })
}

/** `action: data send`: a kitchen names its shop, which opens it, or says what it does with a bill. */
export const transport: Endpoint = async (desk, call) => {
  const { websocket } = await gatewayCall(desk, call)
  const id = websocket?.secConnectionID
  if (typeof id !== "string") return answer({ errNo: 102, errMsg: "not found web socket" })
  const said = typeof websocket?.data === "string" ? readPlainWord(websocket.data) : null
  if (!said) {
    await desk.loudspeaker.send(id, "not understood; say the name of your shop")
  } else if (said.shop === null) {
    await desk.loudspeaker.send(id, "pong")
  } else if (!(await nameShop(desk.books, id, said.shop))) {
    await desk.loudspeaker.send(id, `${said.shop} is not your shop`)
  } else {
    const { outcome } = await heed(desk, said.shop, said.word)
    if (said.word.do === "open") await greet(desk, id, said.shop)
    else await desk.loudspeaker.send(id, `${said.shop} ${said.word.do} ${outcome}`)
  }
  return answer({ errNo: 0, errMsg: "ok" })
}

/** The echo of the first desk; then what waits, since this connection may be the next one of a kitchen that was cut off. */
async function greet({ books, loudspeaker }: Desk, id: string, shop: string): Promise<void> {
  await loudspeaker.send(id, `${shop}  connectionId ${id}`)
  for (const bill of await billsOfShop(books, shop))
    if (bill.state === "placed" || bill.state === "seen") await loudspeaker.send(id, pushedLine(bill))
}

/** `action: closing`. */
export const unregister: Endpoint = async (desk, call) => {
  const { websocket } = await gatewayCall(desk, call)
  const id = websocket?.secConnectionID
  if (typeof id === "string" && (await removeConnection(desk.books, id))) desk.wake()
  return answer({ errNo: 0, errMsg: "ok" })
}

async function gatewayCall({ secrets, clock }: Desk, { request }: Call): Promise<GatewayCall> {
  const body = await request.text()
  if (!isSigned({ headers: request.headers, body }, { secret: secrets.hooks, nowMs: clock() }))
    throw new Problem(401, "not_signed", "This is for our own Laba.")
  return ((await bodyOf(new Response(body))) ?? {}) as GatewayCall
}
