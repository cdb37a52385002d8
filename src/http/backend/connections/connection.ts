// /_/api/connections/{id}: one connection, on whichever node: what it is, push to it alone, end it.
import { z } from "zod"
import { codes } from "../../../../wire/codes.ts"
import { LabaError } from "../../../../wire/error.ts"
import { type Result, type Params, runOf } from "../../../cluster/nodes.ts"
import { readPublishBody } from "../../body/publish-body.ts"
import type { Call, BackendContext, Route } from "../backend.ts"
import { connection } from "../requests/shapes.ts"

const path = "/_/api/connections/{id}"

/** What a close frame has room for (RFC 6455, 5.5). */
const reasonBytesMax = 123

/** Has the node carry it out that the connection lives on. Throws `gone` when it is not open, or never was. */
function callNode<Name extends "connection" | "push" | "close">(
  context: BackendContext,
  name: Name,
  asked: Params<Name>,
): Promise<Result<Name>> {
  return context.nodes.call(runOf(asked.id), name, asked)
}

const idIn = (call: Call): string => call.path["id"] as string

const described200 = connection.extend({
  channels: z.array(z.string()).describe("What it listens to now."),
})

export const getConnection: Route = {
  method: "GET",
  path,
  operationId: "getConnection",
  summary: "Look at a connection",
  answers: { 200: { description: "It is open.", schema: described200 } },
  errors: ["gone"],
  async handle(context, call) {
    call.caller.mayManage()
    return Response.json(await callNode(context, "connection", { id: idIn(call) }))
  },
}

export const pushToConnection: Route = {
  method: "POST",
  path,
  operationId: "pushToConnection",
  summary: "Push to one connection",
  description:
    "The body is what it is in `POST /c`: a form's field `data`, or raw with its Content-Type. It is neither numbered nor kept, and nobody learns whether it arrived; what must not be lost is pushed to a user.",
  body: "message",
  answers: { 204: { description: "It was handed to the connection.", schema: null } },
  errors: [
    "gone",
    "cannot_receive",
    "too_large",
    "unsupported_type",
    "bad_utf8",
    "bad_json",
    "bad_body",
    "missing_data",
  ],
  async handle(context, call) {
    call.caller.mayManage()
    const id = idIn(call)
    // Before the body is read: nobody sends a megabyte to who is not there.
    await callNode(context, "connection", { id })
    const { type, data } = await readPublishBody(call.request.raw, context.limits)
    // Once more: the body may have taken its time.
    call.caller.mayManage()
    const base64 = typeof data !== "string"
    await callNode(context, "push", {
      id,
      type,
      data: base64 ? Buffer.from(data).toString("base64") : data,
      base64,
    })
    return new Response(null, { status: 204 })
  },
}

/** Throws `bad_query` for what no close frame can hold. */
function farewellIn({ query: { code, reason } }: Call): { readonly code?: number; readonly reason?: string } {
  const number = code === undefined ? null : /^\d{4}$/.test(code) ? Number(code) : 0
  if (number !== null && number !== 1000 && (number < 3000 || number > 4999))
    throw new LabaError("bad_query", "`code` is 1000, or 3000 to 4999.")
  if (reason !== undefined && new TextEncoder().encode(reason).length > reasonBytesMax)
    throw new LabaError("bad_query", `\`reason\` has at most ${reasonBytesMax} bytes.`)
  return {
    // A reason alone is given with the usual code.
    ...(number !== null ? { code: number } : reason !== undefined && { code: codes.disconnected.close }),
    ...(reason !== undefined && { reason }),
  }
}

export const closeConnection: Route = {
  method: "DELETE",
  path,
  operationId: "closeConnection",
  summary: "End a connection",
  description:
    "It is told `disconnected` and does not come back by itself, unless a `code` of another band says so. Whoever still has a valid token may come back: revoke it first.",
  query: {
    code: {
      description:
        "The close code of a WebSocket: 1000, or 3000 to 4999. Default 4019. The client stays away after 4000 to 4099, comes back later after 4100 to 4199, at once after 4200 to 4299.",
      schema: z.int(),
    },
    reason: {
      description: `Its reason, at most ${reasonBytesMax} bytes; where there is no close frame, what the error says.`,
      schema: z.string(),
    },
  },
  answers: { 204: { description: "It was told to end.", schema: null } },
  errors: ["gone", "bad_query"],
  async handle(context, call) {
    call.caller.mayManage()
    await callNode(context, "close", { id: idIn(call), ...farewellIn(call) })
    return new Response(null, { status: 204 })
  },
}
