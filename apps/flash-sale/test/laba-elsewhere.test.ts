// A shop whose Laba is another process that forgets everything when it is started again: nobody who holds a ticket finds
// an empty channel for longer than it takes to notice.
import { expect, test } from "bun:test"
import { createHash } from "node:crypto"
import { type Laba, serve } from "laba"
import { ShopProcess, until } from "./shop-process.ts"

const key = "laba_shop_a-key-that-is-only-for-this-test"
const secret = "a secret of at least 32 characters"

const startLaba = (port: number): Promise<Laba> =>
  serve({
    listen: { port },
    keys: [
      {
        name: "shop",
        sha256: createHash("sha256").update(key).digest("hex"),
        publish: ["/@*/**", "/sales/*", "/sales-marker/*"],
        listen: ["/sales-marker/*"],
      },
    ],
    tokens: { secret, issuer: "flash-sale", audience: "laba", inQuery: true },
    limits: { drainSeconds: 0 },
    channels: {
      "/@*/sales/*": { history: { count: 5, time: "1h" } },
      "/sales-marker/*": { history: { time: "24h" } },
    },
  })

test("a ticket's channel is never empty once its holder was answered", async () => {
  const laba = await startLaba(0)
  await using shop = await ShopProcess.start({
    args: ["--laba", laba.url],
    env: { FLASH_SALE_LABA_KEY: key, FLASH_SALE_LISTEN_SECRET: secret },
  })
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 50, price: 1 }],
  })
  const crowd = await Promise.all(Array.from({ length: 20 }, (_, at) => shop.logIn(`u${at}`)))
  const records = await Promise.all(
    crowd.map(async (one) => {
      expect((await one.enter("s")).status).toBe(201)
      return one.poll("s")
    }),
  )
  expect(records.filter((record) => record === null)).toEqual([])
  await laba.close()
}, 60_000)

test("every ticket is told again to a Laba that has lost its memory", async () => {
  let laba = await startLaba(0)
  const { port } = laba
  await using shop = await ShopProcess.start({
    args: ["--laba", laba.url],
    env: { FLASH_SALE_LABA_KEY: key, FLASH_SALE_LISTEN_SECRET: secret },
  })
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 1, price: 1 }],
  })
  const ann = await shop.logIn("ann")
  const ben = await shop.logIn("ben")
  await ann.enter("s")
  await ben.enter("s")
  const won = await until(
    () => ann.poll("s"),
    (record) => record?.state === "won",
  )
  await until(
    () => ben.poll("s"),
    (record) => record?.state === "waitlisted",
  )
  await until(
    async () =>
      (await fetch(`${laba.url}/sales-marker/s`, { headers: { Authorization: `Bearer ${key}` } })).status,
    (status) => status === 200,
  )
  await laba.close()
  laba = await startLaba(port)
  // Empty at first, but not for long enough to be looked at on every machine.
  expect(
    await until(
      () => ann.poll("s"),
      (record) => record !== null,
    ),
  ).toEqual(won)
  await until(
    () => ben.poll("s"),
    (record) => record?.state === "waitlisted",
  )
  await laba.close()
}, 60_000)
