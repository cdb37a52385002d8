// The desk among people who mean it no good: whatever is sent to any of its addresses, it answers, and not with a failure of
// its own.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { createHmac } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assertSturdy, type HostileRequest, send } from "../../kit/test/hostile-requests.ts"
import { type DemoTakeaway, demoTakeaway } from "../demo.ts"
import { routes } from "../http/routes.ts"
import { secretsIn } from "../secrets.ts"
import { demoOptions } from "./demo-options.ts"

setDefaultTimeout(60_000)

const bodies = [
  {
    shop: "shop1",
    name: "Ann",
    address: "1 Long Street",
    telephone: "13800000000",
    note: "",
    dishes: [{ dish: "egg", count: 2 }],
  },
  { user: "Ann", addr: "1 Long Street", telephone: "13800000000", shop_name: "shop1", dish: "egg" },
  { shop: "shop1", password: "wrong" },
  { do: "accept", bill: 1, by: "front", reason: null },
  {
    requestContext: { serviceId: "x", identity: { secretId: "shop1" } },
    websocket: { action: "data send", secConnectionID: "abc", dataType: "text", data: "shop1;accept;1" },
  },
] as const

const paths = [...new Set(routes.map(({ path }) => path.replace(/\{\w+\}/g, "*")))]

describe("whatever is sent", () => {
  let folder: string
  let desk: DemoTakeaway
  const lines: string[] = []
  const cookies: string[] = []
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "takeaway-"))
    desk = await demoTakeaway(demoOptions(folder, (line) => lines.push(line)))
    for (const [path, body] of [
      ["/api/visit", {}],
      ["/api/kitchen/login", { shop: "shop1", password: "laba" }],
    ] as const) {
      const answer = await fetch(desk.url + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      })
      cookies.push(`Cookie: ${answer.headers.get("set-cookie")?.split(";")[0]}`)
    }
  })
  afterAll(async () => {
    await desk.close()
    await rm(folder, { recursive: true, force: true })
  })

  const post = (path: string, body: string, headers: readonly string[] = []) =>
    send(desk.url, { method: "POST", path, headers, body })

  test("a page without an origin is a stranger", async () => {
    for (const origin of ["null", "", "://", "https://evil.example"]) {
      const answer = await post("/api/visit", "", [`Origin: ${origin}`])
      expect([origin, answer?.status]).toEqual([origin, 403])
      expect(answer?.body).toContain('"code":"other_origin"')
    }
  })

  test("a login that is none is told what one has", async () => {
    for (const body of ["null", "[]", "1", '"x"', '{"shop":1,"password":"x"}']) {
      const answer = await post("/api/kitchen/login", body, ["Content-Type: application/json"])
      expect([body, answer?.status]).toEqual([body, 400])
      expect(answer?.body).toContain('"code":"malformed"')
    }
  })

  test("what is no order is answered as orders are, to pages of any origin", async () => {
    for (const [path, body, key] of [
      ["/bill", "{", ""],
      ["/bill", "", ""],
      ["/bill", "null", ""],
      ["/bill", JSON.stringify(bodies[0]), "Idempotency-Key: ä"],
      ["/order", "not json", ""],
    ] as const) {
      const answer = await post(path, body, key ? [key] : [])
      expect(answer?.headers.get("access-control-allow-origin")).toBe("*")
      const said = JSON.parse(answer?.body ?? "") as Record<string, unknown>
      expect([path, body, said["error_code"] ?? said["code"]]).toEqual([path, body, -7])
      expect(answer?.status).toBe(path === "/bill" ? 400 : 200)
    }
  })

  test("a bill's number that is none is nobody's bill", async () => {
    for (const bill of ["x", "1.5", "-1", "1e3", "99999999999999999999", "%00"]) {
      const answer = await post(`/api/bills/${bill}/cancel`, "", [cookies[0] as string])
      expect([bill, answer?.status]).toEqual([bill, 404])
    }
  })

  test("to any address, it is answered without a failure, and tells nothing of the inside", async () => {
    await assertSturdy(desk.url, { paths, bodies, headers: cookies })
    expect(lines).toEqual([])
    expect((await fetch(`${desk.url}/api/shops`)).status).toBe(200)
  })

  test("by Laba's own signature, it is too", async () => {
    const { hooks } = secretsIn(folder, {})
    /** Broken words with a signature that is right: Laba hands on what clients say. */
    const signed = (request: HostileRequest): HostileRequest => {
      const seconds = Math.floor(Date.now() / 1000)
      const mac = createHmac("sha256", hooks)
        .update(`${seconds}\nce-connection:abc\nce-user:shop1\n\n${request.body}`)
        .digest("hex")
      const headers = [`Laba-Signature: t=${seconds},v1=${mac}`, "Ce-User: shop1", "Ce-Connection: abc"]
      return { ...request, method: "POST", headers }
    }
    const functions = paths.filter((path) => path.startsWith("/functions/") && !path.includes("*"))
    expect(functions.length).toBeGreaterThan(4)
    await assertSturdy(desk.url, { paths: functions, bodies }, signed)
    expect(lines).toEqual([])
  })
})
