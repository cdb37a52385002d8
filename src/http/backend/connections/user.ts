// /_/api/users/{user}: one user's connections on all nodes, and the end of all of them.
import { z } from "zod"
import { LabaError } from "../../../../wire/error.ts"
import type { BackendContext, Route } from "../backend.ts"
import { listPage } from "../requests/list-page.ts"
import { pageQuery } from "../requests/query.ts"
import { connection, next } from "../requests/shapes.ts"

export const getUser: Route = {
  method: "GET",
  path: "/_/api/users/{user}",
  operationId: "getUser",
  summary: "List a user's connections",
  description: "Nobody is unknown: a user without a connection has an empty list.",
  query: pageQuery,
  answers: {
    200: {
      description: "A page.",
      schema: z.strictObject({ user: z.string(), connections: z.array(connection), next }),
    },
  },
  errors: ["bad_query", "bad_cursor"],
  async handle(context, call) {
    call.caller.mayManage()
    const user = call.path["user"] as string
    const runs = await context.nodes.nodesOf(user)
    const { connections, next: after } = await listPage(context, call, { of: "connections", user, runs })
    return Response.json({ user, connections, next: after })
  },
}

export const disconnectUser: Route = {
  method: "POST",
  path: "/_/api/users/{user}/disconnect",
  operationId: "disconnectUser",
  summary: "End all of a user's connections",
  description:
    "They are told `disconnected`, as are polls that wait for the user, and do not come back by themselves. A user whose tokens are still valid may: revoke them first.",
  answers: {
    200: {
      description: "They were told to end.",
      schema: z.strictObject({ user: z.string(), disconnected: z.int().describe("How many.") }),
    },
  },
  errors: [],
  async handle(context, call) {
    call.caller.mayManage()
    const user = call.path["user"] as string
    return Response.json({ user, disconnected: await disconnectEverywhere(context, user) })
  },
}

/** On every node: polls that wait for the user are in no directory. One that is gone has ended them already. */
async function disconnectEverywhere({ nodes }: BackendContext, user: string): Promise<number> {
  const runs = new Set([...(await nodes.nodesOf(user)), ...nodes.list.map(({ run }) => run)])
  const ended = await Promise.all(
    Array.from(runs, (run) =>
      nodes.call(run, "disconnect", { user }).catch((error: unknown) => {
        if (error instanceof LabaError && error.code === "gone") return { disconnected: 0 }
        throw error
      }),
    ),
  )
  return ended.reduce((sum, { disconnected }) => sum + disconnected, 0)
}
