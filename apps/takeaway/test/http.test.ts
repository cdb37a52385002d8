// The desk's calls over HTTP: what the first desk's pages send, who is refused, and what is never believed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Kitchen } from "./people.ts"
import { TakeawayProcess } from "./takeaway-process.ts"

const testMs = 60_000
const contact = { user: "Ann", addr: "1 Long Street", telephone: "13800000000" }

describe("the desk's calls", () => {
  let desk: TakeawayProcess
  let kitchen: Kitchen
  beforeAll(async () => {
    desk = await TakeawayProcess.start()
    kitchen = await desk.kitchen()
    await kitchen.open()
  }, testMs)
  afterAll(async () => {
    kitchen[Symbol.dispose]()
    await desk[Symbol.asyncDispose]()
  })

  test("GET /get_shop_info answers the menus as the first desk did, with prices in yuan, to pages of any origin", async () => {
    const { body, headers } = await desk.ask("GET", "/get_shop_info")
    expect((body["shop1"] as unknown[]).slice(0, 2)).toEqual([
      { dish: "egg", price: 3 },
      { dish: "rice", price: 1 },
    ])
    expect(headers.get("access-control-allow-origin")).toBe("*")
    expect((await desk.ask("OPTIONS", "/bill")).headers.get("access-control-allow-headers")).toContain(
      "Content-Type",
    )
  })

  test("POST /bill takes the first desk's body, and answers what its page reads, always with 200", async () => {
    const post = (body: unknown) => desk.ask("POST", "/bill", { body })
    expect(await post({ ...contact, shop_name: "shop1", dish: "egg" })).toMatchObject({
      status: 200,
      body: { error_code: 0, error_msg: "success" },
    })
    expect(await post({ ...contact, user: "", shop_name: "shop1", dish: "egg" })).toMatchObject({
      status: 200,
      body: { error_code: -1 },
    })
    expect(await post({ ...contact, shop_name: "shop2", dish: "mapo" })).toMatchObject({
      status: 200,
      body: { error_code: -2 },
    })
  })

  test("POST /order takes the body of its second version, and does not believe its prices", async () => {
    const dishList = [
      { shop_name: "shop1", dish: "beef", price: 0.01 },
      { dish: "rice", price: 0 },
    ]
    const { body } = await desk.ask("POST", "/order", { body: { ...contact, shop_name: "shop1", dishList } })
    expect(body).toMatchObject({ code: 0, message: "success", data: { total: 2900 } })
    expect((await desk.ask("POST", "/order", { body: { shop_name: "shop1" } })).body["code"]).toBe(-1)
  })

  test("GET /pgws says where the socket is", async () => {
    const { status, body } = await desk.ask("GET", "/pgws")
    expect(status).toBe(426)
    expect(body["detail"]).toContain(`${desk.labaUrl.replace("http", "ws")}/pgws`)
  })

  test.each([
    ["no JSON", "{"],
    ["no order", [1, 2]],
    [
      "too many of a dish",
      { ...contact, name: "x", address: "y", shop: "shop1", dishes: [{ dish: "egg", count: 1e9 }] },
    ],
  ])("POST /bill with %s is a 400", async (_, body) => {
    expect((await desk.ask("POST", "/bill", { body })).status).toBe(400)
  })

  test("a body that is too large is turned away unread", async () => {
    const answer = await fetch(`${desk.url}/bill`, { method: "POST", body: "x".repeat(100_000) })
    expect(answer.status).toBe(413)
  })

  test("an order under a key that is none is none", async () => {
    const headers = { "Idempotency-Key": "with space" }
    const body = { ...contact, name: "Ann", address: "1 Long Street", shop: "shop1", dishes: ["egg"] }
    expect(await desk.ask("POST", "/bill", { body, headers })).toMatchObject({
      status: 400,
      body: { error_code: -7, code: "malformed" },
    })
  })

  test("a kitchen's calls want its login, and a customer's cookie is none", async () => {
    const ann = await desk.customer()
    for (const Cookie of [
      "",
      ann.cookie,
      ann.cookie.replace("customer", "kitchen"),
      "takeaway_kitchen=shop1",
    ]) {
      const { body } = await desk.ask("GET", "/api/kitchen", { headers: { Cookie } })
      expect(body).toMatchObject({ shop: null, bills: [] })
      expect((await desk.ask("POST", "/api/kitchen/listen", { headers: { Cookie } })).status).toBe(401)
    }
    expect((await desk.ask("POST", "/api/listen")).status).toBe(401)
  })

  test("wrong passwords are refused alike, for shops that are there and not, and slowed down", async () => {
    const attempt = (shop: string) =>
      desk.ask("POST", "/api/kitchen/login", { body: { shop, password: "guessed" } })
    expect(await attempt("nowhere")).toMatchObject({ status: 401, body: { code: "wrong_password" } })
    for (let time = 0; time < 5; time++) expect((await attempt("shop3")).status).toBe(401)
    const slowed = await attempt("shop3")
    expect(slowed.status).toBe(429)
    expect(Number(slowed.headers.get("retry-after"))).toBeGreaterThan(0)
    // The right one waits too; another shop does not.
    const right = { shop: "shop3", password: "laba" }
    expect((await desk.ask("POST", "/api/kitchen/login", { body: right })).status).toBe(429)
    expect((await desk.ask("POST", "/api/kitchen/login", { body: { ...right, shop: "shop2" } })).status).toBe(
      200,
    )
  })

  test("passwords that are tried at once are counted before it is known whether they fit", async () => {
    const guesses = Array.from({ length: 20 }, (_, at) =>
      desk.ask("POST", "/api/kitchen/login", { body: { shop: "shop1", password: `guess ${at}` } }),
    )
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(15)
  })

  test("pages of other origins cannot use a visitor's cookies", async () => {
    const foreign = [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://elsewhere.example" },
    ]
    for (const headers of foreign)
      expect(await desk.ask("POST", "/api/visit", { headers })).toMatchObject({
        status: 403,
        body: { code: "other_origin" },
      })
    expect((await desk.ask("POST", "/api/visit", { headers: { Origin: desk.url } })).status).toBe(200)
  })

  test("what pages of other origins order is not in their visitors' name", async () => {
    using ann = await desk.customer()
    const body = { ...contact, shop_name: "shop1", dish: "egg" }
    for (const elsewhere of [{ "Sec-Fetch-Site": "same-site" }, { Origin: "http://127.0.0.1:1" }])
      for (const path of ["/bill", "/order"]) {
        const headers = { Cookie: ann.cookie, ...elsewhere }
        expect((await desk.ask("POST", path, { body, headers })).status).toBe(200)
      }
    expect(await ann.bills()).toEqual([])
    await ann.bill()
    expect(await ann.bills()).toHaveLength(1)
  })

  test("functions agree to be called, and believe only what our Laba has signed", async () => {
    const shake = await desk.ask("OPTIONS", "/functions/laba/transport", {
      headers: { "WebHook-Request-Origin": "laba" },
    })
    expect(shake.headers.get("webhook-allowed-origin")).toBe("laba")
    for (const path of [
      "laba/subscribe",
      "laba/transport",
      "laba/unregister",
      "tencent/register",
      "tencent/transport",
    ]) {
      const { status, body } = await desk.ask("POST", `/functions/${path}`, {
        body: { do: "close" },
        headers: { "ce-user": "shop1", "ce-connection": "x", "laba-signature": "t=1,v1=00" },
      })
      expect([path, status, body["code"]]).toEqual([path, 401, "not_signed"])
    }
    expect(await desk.isOpen("shop1")).toBe(true)
  })

  test("cookies are for the server alone", async () => {
    const { headers } = await desk.ask("POST", "/api/visit")
    expect(headers.get("set-cookie")).toContain("HttpOnly; SameSite=Lax")
    const login = await desk.ask("POST", "/api/kitchen/login", { body: { shop: "shop2", password: "laba" } })
    expect(login.headers.get("set-cookie")).toContain("HttpOnly; SameSite=Strict")
    const logout = await desk.ask("POST", "/api/kitchen/logout")
    expect(logout.headers.get("set-cookie")).toContain("Max-Age=0")
  })

  test("pages live under a policy that lets in themselves and Laba only", async () => {
    for (const path of ["/", "/kitchen"]) {
      const answer = await fetch(desk.url + path)
      const policy = answer.headers.get("content-security-policy") ?? ""
      expect(policy).toStartWith("default-src 'none'; script-src 'self'")
      expect(policy).toContain(`connect-src 'self' ${desk.labaUrl} `)
      await answer.body?.cancel()
    }
    expect((await fetch(`${desk.url}/nowhere`)).status).toBe(404)
  })
})
