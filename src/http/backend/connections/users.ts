// GET /_/api/users: the users who are connected, on all nodes.
import { z } from "zod"
import type { Route } from "../backend.ts"
import { listPage } from "../requests/list-page.ts"
import { pageQuery } from "../requests/query.ts"
import { next } from "../requests/shapes.ts"

const user = z.strictObject({
  user: z.string(),
  connections: z.int().describe("How many connections they have on that node."),
  node: z.string().describe("The node's `run`. Who is on two nodes is there twice."),
})

export const listUsers: Route = {
  method: "GET",
  path: "/_/api/users",
  operationId: "listUsers",
  summary: "List the users who are connected",
  description: "One node after the other. A user who is there all the while is on exactly one page of each.",
  query: pageQuery,
  answers: { 200: { description: "A page.", schema: z.strictObject({ users: z.array(user), next }) } },
  errors: ["bad_query", "bad_cursor"],
  async handle(context, call) {
    call.caller.mayManage()
    const runs = context.nodes.list.map(({ run }) => run)
    const { users, next: after } = await listPage(context, call, { of: "users", runs })
    return Response.json({ users, next: after })
  },
}
