// The same three functions as the first desk had them behind Tencent Cloud's API gateway, with its exact JSON: pages that
// open `/pgws` and say the name of their shop work unchanged, once they show who they are.
import type { AppRequest } from "../../kit/http/app-request.ts"
import { readJson } from "../../kit/http/json-body.ts"
import { answer } from "../../kit/http/problem.ts"
import { addConnection, nameShop, removeConnection } from "../database/connections.ts"
import { billsOfShop } from "../database/read-bills.ts"
import { findShop } from "../database/shops.ts"
import type { Endpoint, Takeaway } from "../http/takeaway.ts"
import type { BillRecord } from "../model/bill.ts"
import { carryOut, readPlainCommand } from "./kitchen-commands.ts"
import { signedBody } from "./signed-body.ts"

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
export const register: Endpoint = async (takeaway, request) => {
  const { requestContext, websocket } = await gatewayCall(takeaway, request)
  if (!requestContext) return answer({ errNo: 101, errMsg: "not found request context" })
  const id = websocket?.secConnectionID
  if (typeof id !== "string") return answer({ errNo: 102, errMsg: "not found web socket" })
  const shop = requestContext.identity?.secretId
  if (typeof shop !== "string" || !(await findShop(takeaway.database, shop)))
    return answer({ errNo: 103, errMsg: "log in to a shop first" })
  await addConnection(takeaway.database, {
    id,
    login: shop,
    shop: null,
    dialect: "tencent",
    now: takeaway.clock(),
  })
  return answer({ errNo: 0, errMsg: "ok", websocket: { action: "connecting", secConnectionID: id } })
}

/** `action: data send`: a kitchen names its shop, which opens it, or says what it does with a bill. */
export const transport: Endpoint = async (takeaway, request) => {
  const { websocket } = await gatewayCall(takeaway, request)
  const id = websocket?.secConnectionID
  if (typeof id !== "string") return answer({ errNo: 102, errMsg: "not found web socket" })
  const said = typeof websocket?.data === "string" ? readPlainCommand(websocket.data) : null
  if (!said) {
    await takeaway.labaPush.send(id, "not understood; say the name of your shop")
  } else if (said.shop === null) {
    await takeaway.labaPush.send(id, "pong")
  } else if (!(await nameShop(takeaway.database, id, said.shop))) {
    await takeaway.labaPush.send(id, `${said.shop} is not your shop`)
  } else {
    const { outcome } = await carryOut(takeaway, said.shop, said.command)
    if (said.command.do === "open") await greet(takeaway, id, said.shop)
    else await takeaway.labaPush.send(id, `${said.shop} ${said.command.do} ${outcome}`)
  }
  return answer({ errNo: 0, errMsg: "ok" })
}

/** The echo of the first desk; then what waits, since this connection may be the next one of a kitchen that was cut off. */
async function greet({ database, labaPush }: Takeaway, id: string, shop: string): Promise<void> {
  await labaPush.send(id, `${shop}  connectionId ${id}`)
  for (const bill of await billsOfShop(database, shop))
    if (bill.state === "placed" || bill.state === "seen") await labaPush.send(id, pushedLine(bill))
}

/** `action: closing`. */
export const unregister: Endpoint = async (takeaway, request) => {
  const { websocket } = await gatewayCall(takeaway, request)
  const id = websocket?.secConnectionID
  if (typeof id === "string" && (await removeConnection(takeaway.database, id))) takeaway.wake()
  return answer({ errNo: 0, errMsg: "ok" })
}

const gatewayCall = async (takeaway: Takeaway, request: AppRequest): Promise<GatewayCall> =>
  (readJson(await signedBody(takeaway, request)) ?? {}) as GatewayCall
