// The functions that Laba calls in its own dialect, for the kitchens' pages: one has come to listen, one says something,
// one has gone. They hold nothing between two calls: everything is in the books.
import { addConnection, removeConnection } from "../books/connections.ts"
import { findShop } from "../books/shops.ts"
import { answer, Problem } from "../http/answers.ts"
import type { Call, Desk, Endpoint } from "../http/desk.ts"
import { heed, readWord } from "./kitchen-words.ts"
import { attributeOf, isSigned } from "./signature.ts"

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
export const subscribe: Endpoint = async (desk, call) => {
  const { headers } = await signedCall(desk, call)
  const { shop, connection } = await kitchenOf(desk, headers)
  await addConnection(desk.books, { id: connection, login: shop, shop, dialect: "laba", now: desk.clock() })
  return new Response(null, { status: 204 })
}

/** A kitchen says something. The answer goes to it alone; what it says is never published as it is. */
export const transport: Endpoint = async (desk, call) => {
  const { headers, body } = await signedCall(desk, call)
  const { shop } = await kitchenOf(desk, headers)
  const word = readWord(body)
  const heard = word ? await heed(desk, shop, word) : ({ outcome: "not_understood" } as const)
  return answer({ reply: JSON.stringify(heard) })
}

/** A connection is over, a kitchen's or not. Told until we have answered, also when Laba itself was killed. */
export const unregister: Endpoint = async (desk, call) => {
  const { headers } = await signedCall(desk, call)
  const connection = attributeOf(headers, "connection")
  if (connection !== null && (await removeConnection(desk.books, connection))) desk.wake()
  return new Response(null, { status: 204 })
}

async function signedCall(
  { secrets, clock }: Desk,
  { request }: Call,
): Promise<{ headers: Headers; body: string }> {
  const call = { headers: request.headers, body: await request.text() }
  if (isSigned(call, { secret: secrets.hooks, nowMs: clock() })) return call
  throw new Problem(401, "not_signed", "This is for our own Laba.")
}

/** Laba has checked the token: who it names may listen to what is theirs. That it is a shop is for us to know. */
async function kitchenOf(
  { books }: Desk,
  headers: Headers,
): Promise<{ readonly shop: string; readonly connection: string }> {
  const shop = attributeOf(headers, "user")
  const connection = attributeOf(headers, "connection")
  if (shop === null || connection === null || !(await findShop(books, shop)))
    throw new Problem(403, "no_kitchen", "This is for kitchens.")
  return { shop, connection }
}
