// GET /_/api/connections: who is connected to this node.
import { z } from "zod"
import { parseSlot, printSlot } from "../../paging/slot-cursor.ts"
import type { Connection } from "../../transports/connections.ts"
import type { Desk, Route } from "./backend.ts"
import { cursorOf, limitOf, pageQuery } from "./query.ts"
import { connection, next } from "./shapes.ts"

/** What is told of a connection in a list. */
export const described = (
  desk: Desk,
  { number, transport, protocol, user }: Connection,
): z.output<typeof connection> => ({
  id: desk.station.shared.connections.idOf(number),
  transport,
  protocol,
  user: user ?? null,
})

export const listConnections: Route = {
  method: "GET",
  path: "/_/api/connections",
  operationId: "listConnections",
  summary: "List the connections of this node",
  description: "In no order that means anything. One that is open all the while is on exactly one page.",
  query: pageQuery,
  answers: {
    200: { description: "A page.", schema: z.strictObject({ connections: z.array(connection), next }) },
  },
  errors: ["bad_query", "bad_cursor"],
  handle(desk, call) {
    call.caller.mayManage()
    const page = desk.station.shared.connections.page(parseSlot(cursorOf(call)), limitOf(call))
    return Response.json({
      connections: page.items.map((item) => described(desk, item)),
      next: printSlot(page.next),
    })
  },
}
