// What a shop answers over HTTP: its pages, what is not there, what cannot be read, and who may not.
import { Database } from "bun:sqlite"
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { routes } from "../http/routes.ts"
import type { Buyer } from "./shop-process.ts"
import { ShopProcess } from "./shop-process.ts"

setDefaultTimeout(120_000)

interface Heard {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

let shop: ShopProcess
let ann: Buyer
const startsAt = Date.now() + 3_600_000

beforeAll(async () => {
  shop = await ShopProcess.start()
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt,
    items: [{ id: "i", title: "A thing", stock: 1, price: 4200 }],
  })
  ann = await shop.logIn("ann")
})

afterAll(() => shop[Symbol.asyncDispose]())

async function heard(path: string, asked: RequestInit = {}): Promise<Heard> {
  const answer = await fetch(shop.url + path, { redirect: "manual", ...asked })
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== "date"))
  return { status: answer.status, headers, text: await answer.text() }
}

const asAnn = (init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { Authorization: `Bearer ${ann.token}`, ...(init.headers as Record<string, string>) },
})

const asOperator = (init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { Authorization: `Bearer ${shop.operatorKey}` },
})

const codeOf = ({ text }: Heard): unknown => (JSON.parse(text) as { code: unknown }).code

describe("pages", () => {
  test("come with their policy, which is for the host that was asked for", async () => {
    for (const path of ["/", "/sales/s", "/operator"]) {
      const here = await heard(path)
      expect(here.headers["content-type"]).toBe("text/html; charset=utf-8")
      expect(here.headers["content-security-policy"]).toContain(shop.labaUrl)
      const there = await heard(path, { headers: { Host: "localhost:8443" } })
      expect(there.headers["content-security-policy"]).toContain(
        shop.labaUrl.replace("127.0.0.1", "localhost"),
      )
      const foreign = await heard(path, { headers: { Host: "shop.example:8443" } })
      expect([foreign.status, foreign.headers["content-security-policy"]]).toEqual([403, undefined])
    }
  })

  test("and what they load are not sent again to who has them, and HEAD is without a body", async () => {
    for (const path of [
      "/",
      "/pages/buyer.js",
      "/pages/operator.css",
      "/pages/charts.css",
      "/pages/icon.svg",
    ]) {
      const whole = await heard(path)
      expect([whole.status, whole.text.length > 100]).toEqual([200, true])
      const tag = whole.headers["etag"] as string
      expect((await heard(path, { headers: { "If-None-Match": tag } })).status).toBe(304)
      const { status, headers, text } = await heard(path, { method: "HEAD" })
      expect({ status, headers, text }).toEqual({ status: 200, headers: whole.headers, text: "" })
    }
  })
})

test("an address that is none is not found", async () => {
  for (const path of ["/nothing", "/api", "/api/sales/none", "/api/sales/s/tickets/1", "/pages/", "/%"])
    expect((await heard(path)).status).toBe(404)
})

test("a wrong method is told which are right", async () => {
  const wrong = [
    ["DELETE", "/api/sales", "GET, HEAD"],
    ["GET", "/api/sales/s/tickets", "POST"],
    ["PUT", "/api/sales/s/tickets", "POST"],
    ["POST", "/api/sales/s/ticket", "GET, HEAD, DELETE"],
    ["POST", "/", "GET, HEAD"],
    ["PUT", "/metrics", "GET, HEAD"],
    ["DELETE", "/pages/buyer.js", "GET, HEAD"],
    ["OPTIONS", "/api/operator/sales/s/inflow", "PUT"],
    ["PATCH", "/api/openapi.json", "GET, HEAD"],
  ] as const
  for (const [method, path, allow] of wrong) {
    const { status, headers, text } = await heard(path, { method })
    expect({ method, path, status, allow: headers["allow"] }).toEqual({ method, path, status: 405, allow })
    expect(JSON.parse(text)).toMatchObject({ status: 405, code: "method_not_allowed" })
  }
  // No address of the table is nothing but a 404 to anybody who asks with another method.
  for (const { path } of routes)
    expect((await heard(path.replaceAll(/\{\w+\}/g, "1"), { method: "PATCH" })).status).toBe(405)
})

test("HEAD is answered where GET is", async () => {
  const whole = await heard("/api/sales/s")
  const head = await heard("/api/sales/s", { method: "HEAD" })
  expect([head.status, head.headers["content-type"], head.text]).toEqual([
    200,
    whole.headers["content-type"],
    "",
  ])
})

test("who is nobody is told so before anything else", async () => {
  for (const path of ["/api/sales/s/tickets", "/api/sales/none/tickets", "/api/sales/s/token"])
    expect((await heard(path, { method: "POST" })).status).toBe(401)
  const forged = { method: "POST", headers: { Authorization: "Bearer a.b.c" } }
  expect((await heard("/api/sales/s/tickets", forged)).status).toBe(401)
  expect((await heard("/api/operator/sales/s")).status).toBe(401)
  const abroad = asAnn({ method: "POST", headers: { "Sec-Fetch-Site": "cross-site" } })
  expect((await heard("/api/sales/s/tickets", abroad)).status).toBe(403)
})

test("the login's cookie is set, and then it is a login", async () => {
  const logIn = { method: "POST", body: JSON.stringify({ user: "ben" }) }
  {
    const { url } = shop
    const { headers } = await fetch(`${url}/api/login`, logIn)
    const cookie = headers.get("set-cookie") ?? ""
    expect(cookie).toMatch(/^flash_sale=\S+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=86400$/)
    const asked = { headers: { Cookie: `other=1; ${cookie.split(";")[0]}` } }
    const mine = await fetch(`${url}/api/sales/s/ticket`, asked)
    expect([mine.status, ((await mine.json()) as { code: string }).code]).toEqual([404, "no_ticket"])
  }
})

test("a click that cannot become a ticket", async () => {
  const click = (headers: Record<string, string>, body?: string) =>
    asAnn({ method: "POST", headers, ...(body !== undefined && { body }) })
  const key = { "Idempotency-Key": "k" }
  const path = "/api/sales/s/tickets"
  expect(codeOf(await heard(path, click({})))).toBe("bad_key")
  expect(codeOf(await heard(path, click({ "Idempotency-Key": "x".repeat(256) })))).toBe("bad_key")
  expect(codeOf(await heard("/api/sales/none/tickets", click(key)))).toBe("not_found")
  const early = await heard(path, click(key))
  expect([early.status, early.headers["retry-after"], codeOf(early)]).toEqual([
    425,
    expect.stringMatching(/^\d+$/),
    "NOT_OPEN",
  ])
})

describe("a body", () => {
  const places = ["/api/login", "/api/payments/callback", "/api/operator/sales"] as const

  test("that is too long is refused with words, whether its length was said or it comes in pieces", async () => {
    const inPieces = () => new Response("x".repeat(100_000)).body as ReadableStream
    for (const path of places)
      for (const body of [() => "x".repeat(20_000), () => "x".repeat(2_000_000), inPieces]) {
        const asked = asOperator({ method: "POST" })
        const refused = await heard(path, { ...asked, body: body() })
        expect(refused.headers["content-type"]).toStartWith("application/problem+json")
        expect([refused.status, codeOf(refused)]).toEqual([413, "too_large"])
      }
  })

  test("that comes in pieces and is not too long is read", async () => {
    const body = () => new Response(JSON.stringify({ perSecond: 7 })).body as ReadableStream
    const asked = asOperator({ method: "PUT" })
    const changed = await heard("/api/operator/sales/s/inflow", { ...asked, body: body() })
    expect(JSON.parse(changed.text)).toMatchObject({ inflowPerSecond: 7 })
  })

  test("that is no JSON object, or packed, is no request", async () => {
    for (const body of ["[]", "7", "{", '"text"', Bun.gzipSync(Buffer.from("{}"))])
      expect(codeOf(await heard("/api/login", { method: "POST", body }))).toBe("bad_body")
  })
})

test("the list of orders is a file", async () => {
  const { headers, text } = await heard("/api/operator/sales/s/orders.csv", asOperator())
  expect(headers["content-type"]).toBe("text/csv; charset=utf-8")
  expect(headers["content-disposition"]).toBe('attachment; filename="orders-s.csv"')
  expect(text).toStartWith("order,")
})

test("what the disk refuses is not saved, and may come again", async () => {
  const change = asOperator({ method: "PUT", body: JSON.stringify({ perSecond: 9 }) })
  const books = new Database(join(shop.directory, "ledger.sqlite"))
  books.run("PRAGMA busy_timeout = 20000")
  books.run("BEGIN IMMEDIATE")
  try {
    const refused = await heard("/api/operator/sales/s/inflow", change)
    expect([refused.status, refused.headers["retry-after"], codeOf(refused)]).toEqual([503, "1", "not_saved"])
  } finally {
    books.run("ROLLBACK")
    books.close()
  }
  expect(JSON.parse((await heard("/api/operator/sales/s/inflow", change)).text)).toMatchObject({
    inflowPerSecond: 9,
  })
})
