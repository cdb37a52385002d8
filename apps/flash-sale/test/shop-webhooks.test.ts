// A shop's own system hears, signed and in order, what becomes of orders and of money: over HTTP, from a running shop.
import { createHmac } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "bun:test"
import { PageProvider } from "./page-provider.ts"
import { type Buyer, ShopProcess, until } from "./shop-process.ts"

const paymentSecret = "a secret of the shop and its provider"
const webhookSecret = "a secret of the shop and its own system"
const testMsMax = 30_000

interface Event extends Record<string, unknown> {
  readonly id: string
  readonly event: string
  readonly order: string
}

/** What was heard and signed as the guide says, without repeats. */
const events: Event[] = []
const unsigned: string[] = []
/** How many calls of an order are refused before one is taken. */
const refusals = new Map<string, number>()

let provider: PageProvider
let system: Bun.Server<undefined>
let shop: ShopProcess

function isSigned(header: string, body: string): boolean {
  const found = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header)
  const signature = createHmac("sha256", webhookSecret).update(`${found?.[1]}.${body}`).digest("hex")
  return found?.[2] === signature && Math.abs(Number(found[1]) - Date.now() / 1000) < 300
}

beforeAll(async () => {
  provider = new PageProvider(paymentSecret)
  system = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text()
      if (!isSigned(request.headers.get("Flash-Sale-Signature") ?? "", body)) unsigned.push(body)
      const event = JSON.parse(body) as Event
      const left = refusals.get(event.order) ?? 0
      refusals.set(event.order, left - 1)
      if (left > 0) return new Response(null, { status: 500 })
      if (!events.some(({ id }) => id === event.id)) events.push(event)
      return new Response(null, { status: 204 })
    },
  })
  shop = await ShopProcess.start({
    args: ["--payments", provider.url, "--webhook", system.url.href],
    env: { FLASH_SALE_PAYMENT_SECRET: paymentSecret, FLASH_SALE_WEBHOOK_SECRET: webhookSecret },
  })
}, testMsMax)

afterAll(async () => {
  await shop[Symbol.asyncDispose]()
  await system.stop(true)
  await provider[Symbol.asyncDispose]()
})

/** Ann has won the only unit of a new sale. */
async function annWins(sale: string, given: Record<string, unknown> = {}): Promise<Buyer> {
  const items = [{ id: "i", title: "A thing", stock: 1, price: 4200 }]
  const settings = { id: sale, title: "A sale", startsAt: Date.now(), items, ...given }
  expect((await shop.operator("POST", "/sales", settings)).status).toBe(201)
  const ann = await shop.logIn("ann")
  expect((await ann.enter(sale)).status).toBe(201)
  await until(
    () => ann.poll(sale),
    (record) => record?.state === "won",
    testMsMax,
  )
  return ann
}

/** The events of an order, once there are so many. */
async function heard(order: string, count: number): Promise<Event[]> {
  const all = await until(
    async () => events.filter((event) => event.order === order),
    (found) => found.length >= count,
    testMsMax,
  )
  expect(unsigned).toEqual([])
  return all
}

async function pays(ann: Buyer, sale: string, payment: string, amount = 4200): Promise<string> {
  const opened = await ann.ask("POST", `/sales/${sale}/order/pay`)
  expect(opened.status).toBe(200)
  const reference = String(opened.body["payUrl"]).split("/pay/")[1] ?? ""
  expect(await provider.tell(reference, { reference, payment, amount })).toBe(200)
  return reference
}

test(
  "paid and taken back: won, paid and refunded, in that order, although the first was refused twice",
  async () => {
    refusals.set("back.1", 2)
    const ann = await annWins("back")
    await pays(ann, "back", "pay_1")
    expect((await shop.operator("POST", "/sales/back/orders/1/refund")).status).toBe(202)
    const told = await heard("back.1", 3)
    expect(told.map(({ event }) => event)).toEqual(["won", "paid", "refunded"])
    expect(told[2]).toMatchObject({ user: "ann", item: "i", price: 4200, payment: "pay_1", amount: 4200 })
    expect(told.map(({ live }) => live)).toEqual([true, true, false])
  },
  testMsMax,
)

test(
  "not paid in time: won and expired",
  async () => {
    await annWins("late", { payBySeconds: 1 })
    const told = await heard("late.1", 2)
    expect(told.map(({ event }) => event)).toEqual(["won", "expired"])
    expect(told[1]).toMatchObject({ user: "ann", live: false })
  },
  testMsMax,
)

test(
  "given back: won and cancelled",
  async () => {
    const ann = await annWins("given-back")
    expect((await ann.ask("DELETE", "/sales/given-back/order")).status).toBe(200)
    expect((await heard("given-back.1", 2)).map(({ event }) => event)).toEqual(["won", "cancelled"])
  },
  testMsMax,
)

test(
  "a wrong amount and a second payment: returned, each with its reason, and the order stays paid",
  async () => {
    const ann = await annWins("twice")
    await pays(ann, "twice", "pay_2", 1)
    await heard("twice.1", 2)
    const reference = await pays(ann, "twice", "pay_3")
    expect(await provider.tell(reference, { reference, payment: "pay_4", amount: 4200 })).toBe(200)
    const told = await heard("twice.1", 4)
    expect(told.map(({ event, payment, why }) => [event, payment, why])).toEqual([
      ["won", undefined, undefined],
      ["returned", "pay_2", "wrong_amount"],
      ["paid", "pay_3", undefined],
      ["returned", "pay_4", "second"],
    ])
    expect(told[3]).toMatchObject({ live: true })
    expect(shop.findings()).toEqual([])
  },
  testMsMax,
)
