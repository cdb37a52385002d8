// /_/api/connections/{id}: one connection: what it is, push to it alone, end it.
import { z } from "zod"
import { LabaError } from "../../../wire/error.ts"
import type { Connection } from "../../transports/connections.ts"
import { readPublishBody } from "../publish-body.ts"
import type { Call, Desk, Route } from "./backend.ts"
import { described } from "./connections.ts"
import { connection } from "./shapes.ts"

const path = "/_/api/connections/{id}"

/** Throws `forbidden`, and `gone` when it is not open, or never was. */
function find(desk: Desk, call: Call): Connection {
  call.caller.mayManage()
  const found = desk.station.shared.connections.find(call.path["id"] as string)
  if (found) return found
  throw new LabaError("gone", "There is no such connection here, or no longer.")
}

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
  handle(desk, call) {
    const found = find(desk, call)
    return Response.json({ ...described(desk, found), channels: found.channels })
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
  async handle(desk, call) {
    find(desk, call)
    const { type, data } = await readPublishBody(call.ask.request, desk.station.shared.limits)
    // Looked for again: it may have gone while the body came.
    if (find(desk, call).direct(type, data)) return new Response(null, { status: 204 })
    throw new LabaError("cannot_receive", "This connection is a poll; publish to a channel instead.")
  },
}

export const closeConnection: Route = {
  method: "DELETE",
  path,
  operationId: "closeConnection",
  summary: "End a connection",
  description:
    "It is told `disconnected` and does not come back by itself. Whoever still has a valid token may: revoke it first.",
  answers: { 204: { description: "It was told to end.", schema: null } },
  errors: ["gone"],
  handle(desk, call) {
    find(desk, call).dismiss(new LabaError("disconnected", "A backend ended this connection."))
    return new Response(null, { status: 204 })
  },
}
