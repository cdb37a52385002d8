// `docs/guide/flash-sale-payments.md` is enough: a provider that was written from it works with a shop, and a provider in
// TypeScript does too.
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "bun:test"
import { startShop } from "../server.ts"
import { PageProvider } from "./page-provider.ts"
import { PretendProvider } from "./pretend-provider.ts"
import { type Buyer, ShopProcess, until } from "./shop-process.ts"

const secret = "a secret of the shop and its provider"
const testMsMax = 30_000

let provider: PageProvider
let shop: ShopProcess
let sales = 0

beforeAll(async () => {
  provider = new PageProvider(secret)
  shop = await ShopProcess.start({
    args: ["--payments", provider.url],
    env: { FLASH_SALE_PAYMENT_SECRET: secret },
  })
}, testMsMax)

afterAll(async () => {
  await shop[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

/** A buyer who has won the only unit, and has the address to pay at. */
async function winner(
  given: Record<string, unknown> = {},
): Promise<{ sale: string; ann: Buyer; order: string }> {
  const sale = `sale-${++sales}`
  const made = await shop.operator("POST", "/sales", {
    id: sale,
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 1, price: 4200 }],
    ...given,
  })
  expect(made.status).toBe(201)
  const ann = await shop.logIn("ann")
  expect((await ann.enter(sale)).status).toBe(201)
  await orderBecomes(ann, sale, "pending")
  const opened = await ann.ask("POST", `/sales/${sale}/order/pay`)
  expect(opened.status).toBe(200)
  const [address = "", order = ""] = String(opened.body["payUrl"]).split("/pay/")
  expect([address, order.replace(/[0-9a-f]{18}$/, "")]).toEqual([provider.url, `${sale}.1.`])
  return { sale, ann, order }
}

/** Hears it, without asking the shop: that would have the provider asked. */
const orderBecomes = (ann: Buyer, sale: string, state: string) =>
  until(
    () => ann.poll(sale),
    (record) => record?.order?.state === state,
    testMsMax,
  )

test(
  "a payment is told and taken; a second one goes back",
  async () => {
    const { sale, ann, order } = await winner()
    const payment = provider.pay(order)
    const told = { reference: order, payment, amount: 4200 }
    for (let time = 0; time < 2; time++) expect(await provider.tell(order, told)).toBe(200)
    await orderBecomes(ann, sale, "paid")
    expect(await provider.tell(order, { ...told, payment: "again" })).toBe(200)
    await until(
      async () => [...provider.refunded],
      (refunded) => refunded.includes("again"),
    )
    expect(provider.refunded.has(payment)).toBe(false)
    expect(shop.findings()).toEqual([])
  },
  testMsMax,
)

test(
  "what is not signed, makes no sense, or is for no sale of the shop is not acknowledged",
  async () => {
    const { order } = await winner()
    const told = { reference: order, payment: "forged", amount: 4200 }
    expect(await provider.tell(order, told, "another secret")).toBe(403)
    expect(await provider.tell(order, { reference: order })).toBe(403)
    expect(await provider.tell(order, { ...told, reference: "nowhere.1" })).toBe(404)
    // Of a sale that is there, but no such order: it is taken, and goes back.
    expect(
      await provider.tell(order, { ...told, reference: order.replace(/\.1\./, ".77."), payment: "lost" }),
    ).toBe(200)
    await until(
      async () => [...provider.refunded],
      (refunded) => refunded.includes("lost"),
    )
    expect(provider.refunded.has("forged")).toBe(false)
  },
  testMsMax,
)

test(
  "a payment that is told of never is found when its buyer looks at the order",
  async () => {
    const { sale, ann, order } = await winner()
    provider.pay(order)
    await ann.ask("GET", `/sales/${sale}/ticket`)
    await orderBecomes(ann, sale, "paid")
    expect(provider.asked).toContainEqual({ path: "/trades/look", body: { reference: order } })
  },
  testMsMax,
)

test(
  "when the time is up the trade is closed, and whatever was paid by then counts",
  async () => {
    const [late, never] = [await winner({ payBySeconds: 2 }), await winner({ payBySeconds: 2 })]
    provider.pay(late.order)
    await orderBecomes(late.ann, late.sale, "paid")
    await orderBecomes(never.ann, never.sale, "expired")
    expect(() => provider.pay(never.order)).toThrow("cannot be paid")
    expect(shop.findings()).toEqual([])
  },
  testMsMax,
)

test(
  "while it fails buyers are told to come again, over HTTP and with the seconds",
  async () => {
    const { sale, ann } = await winner()
    provider.failsWith = 500
    try {
      for (const [method, path] of [
        ["POST", "order/pay"],
        ["DELETE", "order"],
      ] as const) {
        const answer = await fetch(`${shop.url}/api/sales/${sale}/${path}`, {
          method,
          headers: { Authorization: `Bearer ${ann.token}` },
        })
        expect(answer.status).toBe(503)
        expect(answer.headers.get("Retry-After")).toBe("2")
        expect(await answer.json()).toMatchObject({ code: "provider_away", retryAfterSeconds: 2 })
      }
    } finally {
      provider.failsWith = null
    }
    const cancelled = await until(
      () => ann.ask("DELETE", `/sales/${sale}/order`),
      ({ status }) => status === 200,
    )
    expect(cancelled.body).toMatchObject({ order: { state: "cancelled" } })
    expect((await ann.ask("DELETE", `/sales/${sale}/order`)).status).toBe(200)
  },
  testMsMax,
)

test("the shop asks as the page says", () => {
  const page = readFileSync(join(import.meta.dir, "../../../docs/guide/flash-sale-payments.md"), "utf8")
  for (const path of new Set(provider.asked.map((asked) => asked.path))) {
    const section = page.slice(page.indexOf(`\`POST ${path}\``))
    const example = /```json\n(.*)\n```/.exec(section)?.[1] ?? "{}"
    // Closing is said to take the body of looking.
    const keys = path === "/trades/close" ? ["reference"] : Object.keys(JSON.parse(example) as object)
    for (const { body } of provider.asked.filter((asked) => asked.path === path))
      expect([path, Object.keys(body)]).toEqual([path, keys])
  }
  expect(new Set(provider.asked.map(({ path }) => path))).toEqual(
    new Set(["/trades", "/trades/look", "/trades/close", "/refunds"]),
  )
})

test(
  "a provider of the shop's own takes the money",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "flash-sale-"))
    const own = new PretendProvider()
    let callback = ""
    const running = await startShop({
      directory,
      payments: (callbackUrl) => {
        callback = callbackUrl()
        return own
      },
      verifySeconds: 0,
      log: () => {},
    })
    try {
      const ask = async (method: string, path: string, token: string, body?: unknown) => {
        const answer = await fetch(`${running.url}/api${path}`, {
          method,
          headers: { Authorization: `Bearer ${token}`, "Idempotency-Key": "k" },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        return (await answer.json()) as Record<string, unknown> & { order?: { state: string } }
      }
      const items = [{ id: "i", title: "A thing", stock: 1, price: 7 }]
      const sale = { id: "s", title: "A sale", startsAt: Date.now(), items }
      await ask("POST", "/operator/sales", running.operatorKey, sale)
      const { token } = (await ask("POST", "/login", "", { user: "ann" })) as { token: string }
      const buyToken = await until(
        () => ask("POST", "/sales/s/token", token),
        (issued) => typeof issued["token"] === "string",
      )
      await ask("POST", "/sales/s/tickets", token, { token: buyToken["token"], item: "i" })
      const paid = await until(
        () => ask("POST", "/sales/s/order/pay", token),
        (answer) => answer["payUrl"] !== undefined,
      )
      expect(paid).toEqual({ payUrl: expect.stringMatching(/^http:\/\/pay\/s\.1\.[0-9a-f]{18}$/) })
      own.pay("s.1")
      const told = await fetch(callback, { method: "POST", body: JSON.stringify(own.callbacks[0]) })
      expect(await told.json()).toEqual({ received: true })
      expect(await ask("GET", "/sales/s/ticket", token)).toMatchObject({ order: { state: "paid" } })
    } finally {
      await running.close()
      await rm(directory, { recursive: true, force: true })
    }
  },
  testMsMax,
)
