// Idempotency-Keys that somebody else may guess, such as the number of an order: who may publish in the same channel must not
// use them up.
import { expect, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { bearing, shop, startGuarded, tokenFor } from "./guarded.ts"

const channel = "/orders"

test("[P16] a key that one publishes under is nobody else's", async () => {
  await using server = await startGuarded({
    channels: { [channel]: { publish: "anyone", listen: "anyone" } },
    tokens: { secret: "the secret of the shop, 32 bytes or more", inQuery: true },
  })
  const publish = async (credential: string | null, body: string) => {
    const headers = { ...bearing(credential), "Idempotency-Key": "order-42", "Content-Type": "text/plain" }
    return (await fetch(server.base + channel, { method: "POST", body, headers })).status
  }
  const [ann, bob] = [await tokenFor("ann"), await tokenFor("bob")]
  for (const [credential, body] of [
    [null, "squatted"],
    [ann, "squatted"],
    [bob, "squatted"],
    [shop.text, "paid"],
  ] as const) {
    expect(await publish(credential, body)).toBe(201)
    expect(await publish(credential, body)).toBe(200)
    expect(await publish(credential, `${body} twice`)).toBe(409)
  }
  // By every road: the same user over a socket, and another token of theirs.
  await using socket = await connectByLaba(`${server.base}/_/ws?token=${await tokenFor("ann", { jti: "2" })}`)
  socket.send({ op: "publish", ref: 1, channel, type: "text/plain", key: "order-42", data: "squatted" })
  expect(await socket.frame("published")).toMatchObject({ duplicate: true })
})
