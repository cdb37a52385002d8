// A request is answered the same whichever thread reads it: two shops, one read by its own thread and one by a thread at the
// front, are asked the same, and what they answer is compared, headers and bytes.
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

let shops: readonly [ShopProcess, ShopProcess]
let anns: readonly [Buyer, Buyer]
const startsAt = Date.now() + 3_600_000

beforeAll(async () => {
  const start = (threads: string) => ShopProcess.start({ args: ["--front-threads", threads] })
  shops = [await start("0"), await start("1")]
  for (const shop of shops)
    await shop.operator("POST", "/sales", {
      id: "s",
      title: "A sale",
      startsAt,
      items: [{ id: "i", title: "A thing", stock: 1, price: 4200 }],
    })
  anns = [await shops[0].logIn("ann"), await shops[1].logIn("ann")]
})

afterAll(async () => {
  for (const shop of shops) await shop[Symbol.asyncDispose]()
})

/** A request that may depend on whom it is sent to: on their secrets. */
type Asked = (at: 0 | 1) => RequestInit

/** What differs because there are two shops: their ports and the moments at which they were started and asked. */
function alike(text: string, { url, labaUrl }: ShopProcess): string {
  return text
    .replaceAll(new URL(labaUrl).port, "LABA-PORT")
    .replaceAll(new URL(url).port, "PORT")
    .replace(/"(now|at|refusedSince)":\d+/g, '"$1":0')
    .replace(/"commitment":"\w+"/, '"commitment":""')
    .replace(/("retryAfterSeconds":)\d+/, "$1 0")
}

async function heard(at: 0 | 1, path: string, asked: Asked): Promise<Heard> {
  const shop = shops[at]
  const answer = await fetch(shop.url + path, { redirect: "manual", ...asked(at) })
  const headers = Object.fromEntries(
    [...answer.headers]
      .filter(([name]) => name !== "date")
      .map(([name, value]) => [name, alike(name === "retry-after" ? "some" : value, shop)]),
  )
  return { status: answer.status, headers, text: alike(await answer.text(), shop) }
}

/** Asks both, and answers what both said. */
async function both(path: string, asked: Asked | RequestInit = {}): Promise<Heard> {
  const ask = typeof asked === "function" ? asked : () => asked
  const [first, second] = [await heard(0, path, ask), await heard(1, path, ask)]
  expect(second).toEqual(first)
  return first
}

const asAnn =
  (init: RequestInit = {}): Asked =>
  (at) => ({ ...init, headers: { Authorization: `Bearer ${anns[at].token}`, ...init.headers } })

const asOperator =
  (init: RequestInit = {}): Asked =>
  (at) => ({ ...init, headers: { Authorization: `Bearer ${shops[at].operatorKey}`, ...init.headers } })

const codeOf = ({ text }: Heard): unknown => (JSON.parse(text) as { code: unknown }).code

describe("pages", () => {
  test("come with their policy, which is for the host that was asked for", async () => {
    for (const path of ["/", "/sales/s", "/operator"]) {
      const here = await both(path)
      expect(here.headers["content-type"]).toBe("text/html; charset=utf-8")
      expect(here.headers["content-security-policy"]).toContain("http://127.0.0.1:LABA-PORT")
      const there = await both(path, { headers: { Host: "localhost:8443" } })
      expect(there.headers["content-security-policy"]).toContain("http://localhost:LABA-PORT")
      const foreign = await both(path, { headers: { Host: "shop.example:8443" } })
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
      const whole = await both(path)
      expect([whole.status, whole.text.length > 100]).toEqual([200, true])
      const tag = whole.headers["etag"] as string
      expect((await both(path, { headers: { "If-None-Match": tag } })).status).toBe(304)
      const { status, headers, text } = await both(path, { method: "HEAD" })
      expect({ status, headers, text }).toEqual({ status: 200, headers: whole.headers, text: "" })
    }
  })
})

test("an address that is none is not found", async () => {
  for (const path of ["/nothing", "/api", "/api/sales/none", "/api/sales/s/tickets/1", "/pages/", "/%"])
    expect((await both(path)).status).toBe(404)
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
    const { status, headers, text } = await both(path, { method })
    expect({ method, path, status, allow: headers["allow"] }).toEqual({ method, path, status: 405, allow })
    expect(JSON.parse(text)).toMatchObject({ status: 405, code: "method_not_allowed" })
  }
  // No address of the table is nothing but a 404 to anybody who asks with another method.
  for (const { path } of routes)
    expect((await both(path.replaceAll(/\{\w+\}/g, "1"), { method: "PATCH" })).status).toBe(405)
})

test("HEAD is answered where GET is", async () => {
  const whole = await both("/api/sales/s")
  const head = await both("/api/sales/s", { method: "HEAD" })
  expect([head.status, head.headers["content-type"], head.text]).toEqual([
    200,
    whole.headers["content-type"],
    "",
  ])
})

test("who is nobody is told so before anything else", async () => {
  for (const path of ["/api/sales/s/tickets", "/api/sales/none/tickets", "/api/sales/s/token"])
    expect((await both(path, { method: "POST" })).status).toBe(401)
  const forged = { method: "POST", headers: { Authorization: "Bearer a.b.c" } }
  expect((await both("/api/sales/s/tickets", forged)).status).toBe(401)
  expect((await both("/api/operator/sales/s")).status).toBe(401)
  const abroad = asAnn({ method: "POST", headers: { "Sec-Fetch-Site": "cross-site" } })
  expect((await both("/api/sales/s/tickets", abroad)).status).toBe(403)
})

test("the login's cookie is set, and then it is a login", async () => {
  const logIn = { method: "POST", body: JSON.stringify({ user: "ben" }) }
  for (const { url } of shops) {
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
  expect(codeOf(await both(path, click({})))).toBe("bad_key")
  expect(codeOf(await both(path, click({ "Idempotency-Key": "x".repeat(256) })))).toBe("bad_key")
  expect(codeOf(await both("/api/sales/none/tickets", click(key)))).toBe("not_found")
  const early = await both(path, click(key))
  expect([early.status, early.headers["retry-after"], codeOf(early)]).toEqual([425, "some", "NOT_OPEN"])
})

describe("a body", () => {
  const places = ["/api/login", "/api/payments/callback", "/api/operator/sales"] as const

  test("that is too long is refused with words, whether its length was said or it comes in pieces", async () => {
    const inPieces = () => new Response("x".repeat(100_000)).body as ReadableStream
    for (const path of places)
      for (const body of [() => "x".repeat(20_000), () => "x".repeat(2_000_000), inPieces]) {
        const asked = asOperator({ method: "POST" })
        const refused = await both(path, (at) => ({ ...asked(at), body: body() }))
        expect(refused.headers["content-type"]).toStartWith("application/problem+json")
        expect([refused.status, codeOf(refused)]).toEqual([413, "too_large"])
      }
  })

  test("that comes in pieces and is not too long is read", async () => {
    const body = () => new Response(JSON.stringify({ perSecond: 7 })).body as ReadableStream
    const asked = asOperator({ method: "PUT" })
    const changed = await both("/api/operator/sales/s/inflow", (at) => ({ ...asked(at), body: body() }))
    expect(JSON.parse(changed.text)).toMatchObject({ inflowPerSecond: 7 })
  })

  test("that is no JSON object, or packed, is no request", async () => {
    for (const body of ["[]", "7", "{", '"text"', Bun.gzipSync(Buffer.from("{}"))])
      expect(codeOf(await both("/api/login", { method: "POST", body }))).toBe("bad_body")
  })
})

test("the list of orders is a file", async () => {
  const { headers, text } = await both("/api/operator/sales/s/orders.csv", asOperator())
  expect(headers["content-type"]).toBe("text/csv; charset=utf-8")
  expect(headers["content-disposition"]).toBe('attachment; filename="orders-s.csv"')
  expect(text).toStartWith("order,")
})

test("what the disk refuses is not saved, and may come again", async () => {
  const change = asOperator({ method: "PUT", body: JSON.stringify({ perSecond: 9 }) })
  const locked = shops.map(({ directory }) => {
    const books = new Database(join(directory, "ledger.sqlite"))
    books.run("PRAGMA busy_timeout = 20000")
    books.run("BEGIN IMMEDIATE")
    return books
  })
  try {
    const refused = await both("/api/operator/sales/s/inflow", change)
    expect([refused.status, refused.headers["retry-after"], codeOf(refused)]).toEqual([
      503,
      "some",
      "not_saved",
    ])
  } finally {
    for (const books of locked) {
      books.run("ROLLBACK")
      books.close()
    }
  }
  expect(JSON.parse((await both("/api/operator/sales/s/inflow", change)).text)).toMatchObject({
    inflowPerSecond: 9,
  })
})
