// GET /_/api/connections: who is connected, on all nodes.
import { z } from "zod"
import type { Route } from "../backend.ts"
import { listPage } from "../requests/list-page.ts"
import { pageQuery } from "../requests/query.ts"
import { connection, next } from "../requests/shapes.ts"

export const listConnections: Route = {
  method: "GET",
  path: "/_/api/connections",
  operationId: "listConnections",
  summary: "List the connections of all nodes",
  description: "In no order that means anything. One that is open all the while is on exactly one page.",
  query: pageQuery,
  answers: {
    200: { description: "A page.", schema: z.strictObject({ connections: z.array(connection), next }) },
  },
  errors: ["bad_query", "bad_cursor"],
  async handle(context, call) {
    call.caller.mayManage()
    const runs = context.nodes.list.map(({ run }) => run)
    const { connections, next: after } = await listPage(context, call, { of: "connections", runs })
    return Response.json({ connections, next: after })
  },
}
