import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test"
import { httpProvider } from "../payments/http-provider.ts"
import type { Callback } from "../payments/provider.ts"
import { signatureOf } from "../payments/signed-body.ts"
import { type Simulator, startSimulator } from "./simulator.ts"

const secret = "shared"
let simulator: Simulator
let shop: Bun.Server<undefined>
let received: (Callback | null)[] = []
let wake: () => void = () => {}
const provider = () => httpProvider({ url: simulator.url, secret, callbackUrl: () => shop.url.href })

beforeAll(() => {
  simulator = startSimulator({ path: ":memory:", secret, random: () => 0.5 })
  shop = Bun.serve({
    port: 0,
    async fetch(request) {
      received.push(provider().readCallback(request.headers, await request.text()))
      wake()
      return new Response()
    },
  })
})

beforeEach(() => {
  received = []
  Object.assign(simulator.weather, { delayMsMax: 0, doubled: 0, lost: 0, declined: 0, reordered: 0 })
})

afterAll(async () => {
  await simulator.close()
  await shop.stop(true)
})

/** Waits for callbacks; the test's own deadline guards it. */
async function callbacks(count: number): Promise<readonly (Callback | null)[]> {
  while (received.length < count) await new Promise<void>((resolve) => (wake = resolve))
  return received
}

const trade = (reference: string) => ({ reference, amount: 100, currency: "CNY" })
const pay = async (url: string): Promise<number> => (await fetch(url, { method: "POST" })).status

test("tells of a payment, signed", async () => {
  const { payUrl } = await provider().open(trade("a"))
  expect(await pay(payUrl)).toBe(200)
  expect(await callbacks(1)).toEqual([
    { reference: "a", payment: expect.any(String), amount: 100, state: "paid" },
  ])
})

test("tells twice of one payment when the weather is so", async () => {
  simulator.weather.doubled = 1
  await pay((await provider().open(trade("b"))).payUrl)
  const [first, second] = await callbacks(2)
  expect(second).toEqual(first as Callback)
})

test("a payment whose callback is lost is found by asking", async () => {
  simulator.weather.lost = 1
  await pay((await provider().open(trade("c"))).payUrl)
  expect(await provider().close("c")).toMatchObject({ state: "paid", amount: 100 })
  expect(await provider().look("c")).toMatchObject({ state: "paid", amount: 100 })
  expect(received).toEqual([])
})

test("a look changes nothing", async () => {
  const { payUrl } = await provider().open(trade("looked-at"))
  expect(await provider().look("looked-at")).toEqual({ state: "open" })
  expect(await pay(payUrl)).toBe(200)
  await callbacks(1)
  await expect(provider().look("never-opened-yet")).rejects.toThrow("404")
  expect(await provider().open(trade("never-opened-yet"))).toHaveProperty("payUrl")
})

test("an attempt that is declined is told, and the next one pays", async () => {
  simulator.weather.declined = 1
  const { payUrl } = await provider().open(trade("f"))
  expect(await pay(payUrl)).toBe(402)
  expect(await callbacks(1)).toMatchObject([{ reference: "f", state: "declined" }])
  expect(await pay(payUrl)).toBe(200)
  expect(await callbacks(2)).toMatchObject([{ state: "declined" }, { state: "paid" }])
})

test("sends a later callback of a trade before an earlier one when the weather is so", async () => {
  Object.assign(simulator.weather, { declined: 1, reordered: 1 })
  const { payUrl } = await provider().open(trade("g"))
  expect([await pay(payUrl), await pay(payUrl)]).toEqual([402, 200])
  expect(await callbacks(2)).toMatchObject([{ state: "paid" }, { state: "declined" }])
})

test("what makes no sense is refused with a problem, and changes nothing", async () => {
  const ask = async (path: string, body: string): Promise<{ status: number; code: unknown }> => {
    const answer = await fetch(simulator.url + path, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Payment-Signature": signatureOf("shared", Date.now(), body),
      },
      body,
    })
    expect([path, body, answer.headers.get("content-type")]).toEqual([
      path,
      body,
      "application/problem+json; charset=utf-8",
    ])
    return { status: answer.status, code: ((await answer.json()) as { code: unknown }).code }
  }
  for (const path of ["/trades", "/trades/look", "/trades/close", "/refunds", "/weather"])
    expect([path, await ask(path, '{"reference":')]).toEqual([path, { status: 400, code: "bad_json" }])
  for (const path of ["/trades", "/trades/look", "/trades/close", "/refunds"])
    expect([path, await ask(path, "[1]")]).toEqual([path, { status: 400, code: "bad_body" }])
  for (const weather of [{ lost: "often" }, { lost: 2 }, { delayMsMax: -1 }, { rain: 1 }, null])
    expect(await ask("/weather", JSON.stringify(weather))).toEqual({ status: 400, code: "bad_body" })
  expect(simulator.weather).toEqual({ delayMsMax: 0, doubled: 0, lost: 0, declined: 0, reordered: 0 })
  for (const path of ["/pay/%E0%A4%A", "/pay/%", "/nowhere"]) {
    expect([path, (await ask(path, "")).status]).toEqual([path, 404])
    expect((await fetch(simulator.url + path)).status).toBe(404)
  }
})

test("the weather is changed by who has the secret alone", async () => {
  const answer = await fetch(`${simulator.url}/weather`, { method: "POST", body: '{"lost":1}' })
  expect(answer.status).toBe(401)
  expect(simulator.weather.lost).toBe(0)
})

test("who has not the secret opens, closes and refunds nothing", async () => {
  const stranger = httpProvider({ url: simulator.url, secret: "another", callbackUrl: () => shop.url.href })
  await expect(stranger.open(trade("h"))).rejects.toThrow("401")
  await expect(stranger.close("h")).rejects.toThrow("401")
  await expect(stranger.refund("h")).rejects.toThrow("401")
})

test("nobody pays a trade that is closed, and one that was closed cannot be opened", async () => {
  const { payUrl } = await provider().open(trade("d"))
  expect(await provider().close("d")).toEqual({ state: "closed" })
  expect(await pay(payUrl)).toBe(409)
  expect(await provider().close("never-opened")).toEqual({ state: "closed" })
  await expect(provider().open(trade("never-opened"))).rejects.toThrow("409")
})

test("a refund may be asked for twice", async () => {
  await pay((await provider().open(trade("e"))).payUrl)
  const [callback] = await callbacks(1)
  await provider().refund(callback?.payment ?? "")
  await provider().refund(callback?.payment ?? "")
  await expect(provider().refund("unknown")).rejects.toThrow("404")
})

const told = JSON.stringify({ reference: "a", payment: "p", amount: 1 })
const read = (signature: string, body = told) =>
  provider().readCallback(new Headers({ "x-payment-signature": signature }), body)

test("a forged callback is nobody's", () => {
  const seconds = Math.floor(Date.now() / 1000)
  expect(read(signatureOf(secret, Date.now(), told))).toMatchObject({ payment: "p" })
  expect(read(signatureOf("another", Date.now(), told))).toBeNull()
  expect(read(signatureOf(secret, Date.now(), told), told.replace("1", "2"))).toBeNull()
  expect(read("0".repeat(64))).toBeNull()
  expect(read(`t=${seconds},v1=${"0".repeat(64)}`)).toBeNull()
  expect(provider().readCallback(new Headers(), told)).toBeNull()
})

test("a callback that was heard once cannot be played again later, nor kept for later", () => {
  for (const minutes of [4, -4])
    expect(read(signatureOf(secret, Date.now() - minutes * 60_000, told))).not.toBeNull()
  for (const minutes of [6, -6, 600_000])
    expect(read(signatureOf(secret, Date.now() - minutes * 60_000, told))).toBeNull()
  // The time is signed, too.
  const old = signatureOf(secret, Date.now() - 3_600_000, told)
  expect(read(old.replace(/t=\d+/, `t=${Math.floor(Date.now() / 1000)}`))).toBeNull()
})
