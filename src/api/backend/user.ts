// /_/api/users/{user}: one user's connections, and the end of all of them.
import { z } from "zod"
import { LabaError } from "../../../wire/error.ts"
import { parseSlot, printSlot } from "../../paging/slot-cursor.ts"
import type { Connections } from "../../transports/connections.ts"
import type { Route } from "./backend.ts"
import { described } from "./connections.ts"
import { cursorOf, limitOf, pageQuery } from "./query.ts"
import { connection, next } from "./shapes.ts"

export const getUser: Route = {
  method: "GET",
  path: "/_/api/users/{user}",
  operationId: "getUser",
  summary: "List a user's connections on this node",
  description: "Nobody is unknown: a user without a connection has an empty list.",
  query: pageQuery,
  answers: {
    200: {
      description: "A page.",
      schema: z.strictObject({ user: z.string(), connections: z.array(connection), next }),
    },
  },
  errors: ["bad_query", "bad_cursor"],
  handle(desk, call) {
    call.caller.mayManage()
    const user = call.path["user"] as string
    const page = desk.station.shared.connections.ofUser(user, parseSlot(cursorOf(call)), limitOf(call))
    return Response.json({
      user,
      connections: page.items.map((item) => described(desk, item)),
      next: printSlot(page.next),
    })
  },
}

export const disconnectUser: Route = {
  method: "POST",
  path: "/_/api/users/{user}/disconnect",
  operationId: "disconnectUser",
  summary: "End all of a user's connections on this node",
  description:
    "They are told `disconnected` and do not come back by themselves. A user whose tokens are still valid may: revoke them first.",
  answers: {
    200: {
      description: "They were told to end.",
      schema: z.strictObject({ user: z.string(), disconnected: z.int().describe("How many.") }),
    },
  },
  errors: [],
  async handle(desk, call) {
    call.caller.mayManage()
    const user = call.path["user"] as string
    return Response.json({ user, disconnected: await dismissAll(desk.station.shared.connections, user) })
  },
}

/** Connections ended in one turn: a close is a system call or two. */
const sliceMax = 200

/** Those who are there when it begins; in slices, should there be very many. */
async function dismissAll(connections: Connections, user: string): Promise<number> {
  const why = new LabaError("disconnected", "A backend ended all connections of this user.")
  let dismissed = 0
  for (let from: number | null = 0; from !== null;) {
    const page = connections.ofUser(user, from, sliceMax)
    for (const one of page.items) one.dismiss(why)
    dismissed += page.items.length
    from = page.next
    if (from !== null) await new Promise((resolve) => setImmediate(resolve))
  }
  return dismissed
}
