// A sale over HTTP as strangers, the shop's operator and its other systems see it.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { openApi, schemas } from "../http/openapi.ts"
import { isSigned } from "../payments/signed-body.ts"
import { decided, onShop, pay } from "./shop-stage.ts"
import { type Answered, until } from "./shop-process.ts"

setDefaultTimeout(120_000)

let hooks: { readonly body: string; readonly signature: string }[] = []
let webhookServer: Bun.Server<undefined>

beforeAll(() => {
  webhookServer = Bun.serve({
    port: 0,
    async fetch(request) {
      hooks.push({ body: await request.text(), signature: request.headers.get("flash-sale-signature") ?? "" })
      // The first delivery of each shop fails: it must come again.
      return new Response(null, { status: hooks.length === 1 ? 500 : 204 })
    },
  })
})

afterAll(() => webhookServer.stop(true))

function toldByWebhook() {
  hooks = []
  return {
    args: ["--webhook", webhookServer.url.href],
    env: { FLASH_SALE_WEBHOOK_SECRET: "webhook secret" },
  }
}

onShop(toldByWebhook, (stage) => {
  const { buyer, freshSale } = stage

  test("a stranger cannot run the sale, take another's place or forge a payment", async () => {
    const sale = await freshSale()
    const ann = await buyer()
    const post = (path: string, headers: Record<string, string> = {}, body = "{}"): Promise<Response> =>
      fetch(`${stage.shop.url}/api${path}`, { method: "POST", headers, body })
    expect((await post("/operator/sales")).status).toBe(401)
    expect(
      (await post(`/operator/sales/${sale}/close`, { Authorization: `Bearer ${ann.token}` })).status,
    ).toBe(401)
    expect((await post(`/sales/${sale}/token`)).status).toBe(401)
    expect((await post(`/sales/${sale}/token`, { Authorization: "Bearer a.b.c" })).status).toBe(401)
    const forged = JSON.stringify({ reference: `${sale}.1`, payment: "p", amount: 4200 })
    expect((await post("/payments/callback", { "x-payment-signature": "00" }, forged)).status).toBe(403)
    const cookie = { Cookie: `flash_sale=${ann.token}`, "Sec-Fetch-Site": "cross-site" }
    expect((await post(`/sales/${sale}/token`, cookie)).status).toBe(403)
  })

  test("webhooks are signed and come again until they are taken", async () => {
    const sale = await freshSale()
    const ann = await buyer()
    await ann.enter(sale)
    await decided(ann, sale)
    await pay(ann, sale)
    const told = await until(
      async () =>
        hooks
          .map((each) => JSON.parse(each.body) as { event: string; sale: string })
          .filter((each) => each.sale === sale),
      (all) => all.some((each) => each.event === "paid") && all.some((each) => each.event === "won"),
    )
    expect(told.map((each) => each.event)).toEqual(expect.arrayContaining(["won", "paid"]))
    for (const { body, signature } of hooks) {
      expect(isSigned("webhook secret", Date.now(), signature, body)).toBe(true)
    }
    const first = JSON.parse(hooks[0]?.body ?? "{}") as { id: string }
    await until(
      async () => hooks.filter((each) => each.body.includes(`"${first.id}"`)).length,
      (times) => times >= 2,
    )
  })

  test("the shop takes a paid order back: the money goes, the unit is on sale again", async () => {
    const sale = await freshSale()
    const ann = await buyer()
    await ann.enter(sale)
    await decided(ann, sale)
    await pay(ann, sale)
    await until(
      () => ann.poll(sale),
      (record) => record?.order?.state === "paid",
    )
    expect((await stage.shop.operator("POST", `/sales/${sale}/orders/1/refund`)).status).toBe(202)
    await until(
      () => ann.poll(sale),
      (record) => record?.order?.state === "refunded",
    )
    const ben = await buyer()
    expect((await ben.enter(sale)).status).toBe(201)
    expect((await decided(ben, sale))?.state).toBe("won")
    const csv = await (await stage.shop.operator("GET", `/sales/${sale}/orders.csv`)).text()
    expect(csv.split("\r\n")[1]).toContain(`${sale}.1,${ann.user},i,42.00,CNY,refunded`)
  })

  test("what the API answers is what its description says", async () => {
    const sale = await freshSale()
    const ann = await buyer()
    const described = (answered: Answered, name: string) => {
      const { properties = {}, required = [] } = schemas[name] as {
        properties?: Record<string, unknown>
        required?: string[]
      }
      expect(Object.keys(answered.body).filter((each) => !(each in properties))).toEqual([])
      expect(required.filter((each) => !(each in answered.body))).toEqual([])
    }
    described(await ann.enter(sale), "Admission")
    described(await ann.ask("GET", `/sales/${sale}/ticket`), "Ticket")
    described(await ann.ask("GET", `/sales/${sale}`), "Sale")
    described(await ann.ask("GET", `/sales/${sale}/draw`), "Draw")
    described(await (await buyer()).ask("GET", `/sales/${sale}/ticket`), "Problem")
    const operator = await stage.shop.operator("GET", `/sales/${sale}`)
    described({ status: 200, body: (await operator.json()) as Record<string, unknown> }, "OperatorSale")
    const told = await until(
      async () =>
        hooks.map(({ body }) => JSON.parse(body) as Answered["body"]).find((each) => each["sale"] === sale),
      (each) => each !== undefined,
    )
    described({ status: 200, body: told ?? {} }, "ShopEvent")
    const document = JSON.stringify(openApi())
    for (const [, name] of document.matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(schemas).toHaveProperty([name as string])
  })

  test("the metrics count what happened, and the books are checked on demand", async () => {
    const text = await (await fetch(`${stage.shop.url}/metrics`)).text()
    expect(Number(/^flash_sale_tickets_admitted_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
    const { verdict } = (await (await stage.shop.operator("POST", "/verify")).json()) as {
      verdict: { findings: Record<string, string[]> }
    }
    expect(Object.values(verdict.findings).flat()).toEqual([])
    expect(await (await fetch(`${stage.shop.url}/metrics`)).text()).toContain(
      'flash_sale_broken{invariant="I1"} 0',
    )
  })
})
