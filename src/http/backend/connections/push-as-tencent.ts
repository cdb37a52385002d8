// POST /_/api/tencent/{api}: the one address at which functions written for Tencent's API gateway push to their connections and
// close them. The same as the connections API, in the gateway's words, with a key.
import { typeOfData } from "../../../../wire/content-type.ts"
import { z } from "zod"
import { readBase64 } from "../../../../wire/base64.ts"
import { LabaError } from "../../../../wire/error.ts"
import type { Call, BackendContext, Route } from "../backend.ts"
import { closeConnection, pushToConnection } from "./connection.ts"
import { jsonErrors, readJson } from "../requests/json-body.ts"

const secConnectionID = z.string().min(1).max(200).describe("The connection, as `register` told it.")

const body = z.object({
  websocket: z.discriminatedUnion("action", [
    z.object({
      action: z.literal("data send"),
      secConnectionID,
      dataType: z.enum(["text", "binary"]).default("text"),
      data: z.string().describe("Text, or base64 of bytes."),
    }),
    z.object({ action: z.literal("closing"), secConnectionID }),
  ]),
})

type Order = z.output<typeof body>["websocket"]

export const pushAsTencent: Route = {
  method: "POST",
  path: "/_/api/tencent/{api}",
  operationId: "pushAsTencent",
  summary: "Push to a connection or close it, as at Tencent's API gateway",
  description: "`api` is the name of a hook of the dialect `tencent`. What went wrong is in `errNo`.",
  body,
  answers: {
    200: {
      description:
        "`errNo` 0: done. 410: the connection is gone. 409: it cannot take a push. 400: the data is not what it says.",
      schema: z.strictObject({ errNo: z.int(), errMsg: z.string() }),
    },
  },
  errors: [...jsonErrors, "not_found"],
  async handle(context, call) {
    call.caller.mayManage()
    const hook = context.application.remote?.routes.named(call.path["api"] as string)?.hook
    if (hook?.dialect !== "tencent")
      throw new LabaError("not_found", "There is no hook of the dialect `tencent` by this name.")
    const { websocket } = await readJson(call.request.raw, body)
    // Once more: the body may have taken its time.
    call.caller.mayManage()
    try {
      await carryOut(context, call, websocket)
      return Response.json({ errNo: 0, errMsg: "ok" })
    } catch (error) {
      if (!(error instanceof LabaError) || error.status >= 500) throw error
      return Response.json({ errNo: error.status, errMsg: error.detail })
    }
  },
}

/** The same road as the connections API, so that it leads to every node. */
function carryOut(context: BackendContext, call: Call, order: Order): Promise<Response> | Response {
  const path = { id: order.secConnectionID }
  if (order.action === "closing") return closeConnection.handle(context, { ...call, path })
  const isText = order.dataType === "text"
  const data = isText ? order.data : readBase64(order.data)
  if (data === null) throw new LabaError("bad_body", "`data` is not base64.")
  const raw = new Request("http://laba/", {
    method: "POST",
    headers: { "Content-Type": typeOfData(data) },
    body: data as BodyInit,
  })
  return pushToConnection.handle(context, { ...call, path, request: { ...call.request, raw } })
}
