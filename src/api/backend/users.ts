// GET /_/api/users: the users who are connected to this node.
import { z } from "zod"
import { parseSlot, printSlot } from "../../paging/slot-cursor.ts"
import type { Route } from "./backend.ts"
import { cursorOf, limitOf, pageQuery } from "./query.ts"
import { next } from "./shapes.ts"

const user = z.strictObject({
  user: z.string(),
  connections: z.int().describe("How many connections they have here."),
})

export const listUsers: Route = {
  method: "GET",
  path: "/_/api/users",
  operationId: "listUsers",
  summary: "List the users who are connected to this node",
  query: pageQuery,
  answers: { 200: { description: "A page.", schema: z.strictObject({ users: z.array(user), next }) } },
  errors: ["bad_query", "bad_cursor"],
  handle(desk, call) {
    call.caller.mayManage()
    const page = desk.station.shared.connections.usersPage(parseSlot(cursorOf(call)), limitOf(call))
    return Response.json({ users: page.items, next: printSlot(page.next) })
  },
}
