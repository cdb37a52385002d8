// The functions that Laba calls in its own dialect, for the kitchens' pages: one has come to listen, one says something,
// one has gone. They hold nothing between two calls: everything is in the database.
import { attributeOf } from "laba"
import { answer, Problem } from "../../kit/http/problem.ts"
import { addConnection, removeConnection } from "../database/connections.ts"
import { findShop } from "../database/shops.ts"
import type { Endpoint, Takeaway } from "../http/takeaway.ts"
import { carryOut, readCommand } from "./kitchen-commands.ts"
import { signedBody } from "./signed-body.ts"

/** Asked before Laba calls us for the first time: whether we want to be called (CloudEvents HTTP 1.1 Web Hooks, 4). */
export const agree: Endpoint = (_, { request }) =>
  new Response(null, {
    status: 204,
    headers: {
      Allow: "POST",
      "WebHook-Allowed-Origin": request.headers.get("WebHook-Request-Origin") ?? "*",
    },
  })

/** A kitchen starts to listen to its bills: from now on it is there. */
export const subscribe: Endpoint = async (takeaway, request) => {
  await signedBody(takeaway, request)
  const { shop, connection } = await kitchenIn(takeaway, request.request.headers)
  const { database, clock } = takeaway
  await addConnection(database, { id: connection, login: shop, shop, dialect: "laba", now: clock() })
  return new Response(null, { status: 204 })
}

/** A kitchen says something. The answer goes to it alone; what it says is never published as it is. */
export const transport: Endpoint = async (takeaway, request) => {
  const command = readCommand(await signedBody(takeaway, request))
  const { shop } = await kitchenIn(takeaway, request.request.headers)
  const result = command ? await carryOut(takeaway, shop, command) : { outcome: "not_understood" }
  return answer({ reply: JSON.stringify(result) })
}

/** A connection is over, a kitchen's or not. Told until we have answered, also when Laba itself was killed. */
export const unregister: Endpoint = async (takeaway, request) => {
  await signedBody(takeaway, request)
  const connection = attributeOf(request.request.headers, "connection")
  if (connection !== null && (await removeConnection(takeaway.database, connection))) takeaway.wake()
  return new Response(null, { status: 204 })
}

/** Laba has checked the token: who it names may listen to what is theirs. That it is a shop is for us to know. */
async function kitchenIn({ database }: Takeaway, headers: Headers) {
  const shop = attributeOf(headers, "user")
  const connection = attributeOf(headers, "connection")
  if (shop === null || connection === null || !(await findShop(database, shop)))
    throw new Problem(403, "no_kitchen", "This is for kitchens.")
  return { shop, connection }
}
