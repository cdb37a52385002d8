// A Laba elsewhere that asks the shop by its HTTP hooks: buyers converse over their sockets as with a Laba inside, and
// whoever looks finds a result, whatever Laba has forgotten.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { type Laba, serve } from "laba"
import { connect } from "laba/client"
import type { Reply } from "../model/wire/conversation.ts"
import { ShopProcess, until } from "./shop-process.ts"

const key = "laba_shop_a-key-that-is-only-for-this-test"
const secret = "a secret of at least 32 characters"
const hookSecret = "another secret of 32 characters or more"
const env = {
  FLASH_SALE_LABA_KEY: key,
  FLASH_SALE_LISTEN_SECRET: secret,
  FLASH_SALE_HOOK_SECRET: hookSecret,
}

let laba: Laba
let shop: ShopProcess
let hooks: Bun.Server<undefined>

beforeAll(async () => {
  // Laba has to know the shop's address and the shop Laba's, so the hooks go through an address that is known before both.
  hooks = Bun.serve({
    port: 0,
    async fetch(request) {
      const { method, headers } = request
      const body = method === "POST" ? await request.text() : null
      return fetch(`${shop.url}/api/laba`, { method, headers, body })
    },
  })
  const url = `http://127.0.0.1:${hooks.port}/`
  laba = await serve({
    listen: { port: 0 },
    keys: [
      {
        name: "shop",
        sha256: createHash("sha256").update(key).digest("hex"),
        publish: ["/@*/**", "/sales/*", "/sales-marker/*"],
        listen: ["/sales-marker/*", "/@*/sales/*"],
        manage: ["/@*/sales/*"],
      },
    ],
    tokens: { secret, issuer: "flash-sale", audience: "laba", inQuery: true },
    limits: { drainSeconds: 0 },
    channels: {
      "/@*/sales/*": { history: { count: 5, time: "1h" }, listen: "owner", publish: "key" },
      "/sales-marker/*": { history: { time: "24h" } },
    },
    hooks: [
      {
        // All connections of this Laba are the shop's affair: those that name no channel at first are registered with this.
        pattern: "/**",
        register: url,
        subscribe: url,
        transport: url,
        secret: hookSecret,
        privateAddresses: ["127.0.0.1"],
      },
    ],
  })
  shop = await ShopProcess.start({ args: ["--laba", laba.url], env })
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 3, price: 1 }],
  })
}, 60_000)

afterAll(async () => {
  await shop[Symbol.asyncDispose]()
  await laba.close()
  await hooks.stop(true)
}, 60_000)

test("a buyer asks, pays and cancels over the client's socket", async () => {
  const ann = await shop.logIn("ann")
  await ann.enter("s")
  const connection = connect(laba.url, { transports: ["websocket"], token: () => ann.listenToken })
  const replies: Reply[] = []
  connection.on("direct", ({ data }) => replies.push(JSON.parse(data as string) as Reply))
  const channel = connection.channel("/@ann/sales/s")
  await channel.ready()
  await until(
    () => ann.poll("s"),
    (record) => record?.state === "won",
  )
  const answer = async (said: unknown, ref: string): Promise<Reply | undefined> => {
    expect(await channel.publish(said)).toBeNull()
    return until(
      async () => replies.find((reply) => reply.ref === ref),
      (reply) => reply !== undefined,
    )
  }
  expect(await answer({ do: "status", ref: "a" }, "a")).toMatchObject({
    asked: "status",
    ticket: { number: 1, state: "won", order: { state: "pending" } },
  })
  expect(await answer({ do: "pay", ref: "b" }, "b")).toMatchObject({ payUrl: expect.any(String) })
  expect(await answer({ do: "cancel", ref: "c" }, "c")).toMatchObject({ asked: "cancel", done: true })
  expect(await answer({ do: "cancel", ref: "d" }, "d")).toMatchObject({ asked: "cancel", done: true })
  expect(await answer({ do: "pay", ref: "e" }, "e")).toMatchObject({ failed: "not_payable" })
  expect(await answer({ do: "dance", ref: "f" }, "f")).toEqual({
    ref: "f",
    asked: null,
    failed: "not_understood",
  })
  await until(
    () => ann.poll("s"),
    (record) => record?.order?.state === "cancelled",
  )
  connection.close()
}, 60_000)

test("who polls a channel that Laba has forgotten finds the result all the same", async () => {
  const ben = await shop.logIn("ben")
  await ben.enter("s")
  const won = await until(
    () => ben.poll("s"),
    (record) => record?.state === "won",
  )
  await fetch(`${laba.url}/@ben/sales/s`, { method: "DELETE", headers: { Authorization: `Bearer ${key}` } })
  expect(await ben.poll("s")).toEqual(won)
}, 60_000)

test("what Laba has not signed is not listened to", async () => {
  const ask = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${shop.url}/api/laba`, {
      method: "POST",
      headers: { "ce-type": "laba.transport", "ce-user": "ben", "ce-channel": "/@ben/sales/s", ...headers },
      body: '{"do":"cancel"}',
    })
  expect((await ask({})).status).toBe(401)
  const seconds = Math.floor(Date.now() / 1000)
  expect((await ask({ "laba-signature": `t=${seconds},v1=${"0".repeat(64)}` })).status).toBe(401)
  const ben = await shop.logIn("ben")
  expect((await ben.ask("GET", "/sales/s/ticket")).body).toMatchObject({ order: { state: "pending" } })
})
