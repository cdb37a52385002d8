// What people try who mean a demo no good, each attack over every demo: as one behind a proxy on this machine, reached by https.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { askRaw, type RawAnswer } from "../../../test/support/raw-tcp.ts"
import { startAlerts } from "../../alerts/test/running-alerts.ts"
import { ShopProcess } from "../../flash-sale/test/shop-process.ts"
import { demoTakeaway } from "../../takeaway/demo.ts"
import { demoOptions } from "../../takeaway/test/demo-options.ts"
import { insides } from "./hostile-requests.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(120_000)

const publicUrl = "https://demo.example"

interface Attacked extends AsyncDisposable {
  readonly url: string
}

interface Demo {
  readonly name: string
  readonly start: () => Promise<Attacked>
  /** Something that only its own pages may do, with a body that is right. */
  readonly act: readonly [path: string, body: unknown]
  /** Answered by other threads than the rest. */
  readonly apart?: string
  /** Answers with a cookie, where there is one. */
  readonly login?: readonly [path: string, body: unknown]
  /** Asked for often: how many in a row are too many for one address. */
  readonly flood: readonly [line: string, body: unknown, times: number]
}

const password = "the shops' own"

const demos: readonly Demo[] = [
  {
    name: "takeaway",
    async start() {
      const folder = await mkdtemp(join(tmpdir(), "takeaway-"))
      process.env["TAKEAWAY_SHOP_PASSWORD"] = password
      const takeaway = await demoTakeaway({ ...demoOptions(folder, () => {}), publicUrl })
      delete process.env["TAKEAWAY_SHOP_PASSWORD"]
      return {
        url: takeaway.url,
        async [Symbol.asyncDispose]() {
          await takeaway.close()
          await rm(folder, { recursive: true, force: true })
        },
      }
    },
    act: ["/api/kitchen/login", { shop: "shop1", password }],
    login: ["/api/kitchen/login", { shop: "shop1", password }],
    flood: ["GET /api/shops", undefined, 400],
  },
  {
    name: "alerts",
    start: () => startAlerts({ publicUrl }),
    act: ["/api/heart/kill", {}],
    flood: ["GET /api/state", undefined, 400],
  },
  {
    name: "flash-sale",
    start: () =>
      ShopProcess.start({
        args: [
          ...["--public-url", publicUrl, "--public-laba", "https://laba.example"],
          ...["--public-payments", "https://pay.example"],
          ...["--address-header", "X-Forwarded-For", "--address-attempts", "20"],
          "--open",
        ],
      }),
    act: ["/api/login", { user: "mallory" }],
    apart: "/api/sales/none/tickets",
    login: ["/api/login", { user: "ann" }],
    flood: ["POST /api/login", { user: "bot" }, 60],
  },
]

const evil = "https://evil.example"

describe.each(demos)("$name", ({ start, act: [actPath, actBody], apart = actPath, login, flood }) => {
  let demo: Attacked
  beforeAll(async () => {
    demo = await start()
  })
  afterAll(async () => {
    await demo[Symbol.asyncDispose]()
  })

  const ask = async (line: string, headers: readonly string[] = [], body?: unknown): Promise<RawAnswer> => {
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body)
    const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(text)}`]
    const type =
      body === undefined || headers.some((one) => /^content-type:/i.test(one))
        ? []
        : ["Content-Type: application/json"]
    const request = { line, headers: [...headers, ...type, ...length, "Connection: close"], body: text }
    return (await askRaw(demo.url, request)) as RawAnswer
  }
  const from = (address: string): string => `X-Forwarded-For: 6.6.6.6, ${address}`

  test("shows nothing of what Bun has for developers, nor where a body broke", async () => {
    expect((await ask("GET /bun:info")).status).toBe(404)
    const broken = await ask(`POST ${actPath}`, [], '{"user":')
    expect(broken.body).not.toMatch(insides)
    expect(broken.status).toBeLessThan(500)
  })

  test("does nothing for pages of other origins, and logs nobody in for them", async () => {
    const bodies = ["text/plain", "application/x-www-form-urlencoded", "application/json"]
    const pages = [
      [`Origin: ${evil}`],
      ["Origin: null"],
      ["Sec-Fetch-Site: cross-site"],
      ["Sec-Fetch-Site: same-site", `Origin: ${demo.url}`],
    ]
    for (const type of bodies)
      for (const page of pages) {
        const { status, headers } = await ask(`POST ${actPath}`, [...page, `Content-Type: ${type}`], actBody)
        expect([type, page, status, headers.get("set-cookie")]).toEqual([type, page, 403, undefined])
      }
  })

  test("answers under its own names alone, and takes no other into a policy", async () => {
    const { port } = new URL(demo.url)
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1.evil.example",
      "a;script-src*",
      "127.0.0.1,evil.example",
      `x@127.0.0.1:${port}`,
    ]) {
      for (const line of ["GET /", `POST ${actPath}`, `POST ${apart}`]) {
        const { status, headers } = await ask(line, [`Host: ${host}`], line === "GET /" ? undefined : actBody)
        expect([host, line, [400, 403].includes(status)]).toEqual([host, line, true])
        expect(headers.get("content-security-policy") ?? "").not.toContain("evil")
      }
    }
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "demo.example"])
      expect([host, (await ask("GET /", [`Host: ${host}`])).status]).toEqual([host, 200])
  })

  test.skipIf(!login)(
    "gives a cookie that is for https alone to who came by it, and only to those",
    async () => {
      const [path, body] = login as NonNullable<typeof login>
      const cookieFor = async (...headers: string[]): Promise<string> =>
        (await ask(`POST ${path}`, headers, body)).headers.get("set-cookie") ?? "none"
      expect(await cookieFor("Host: demo.example")).toMatch(/HttpOnly; SameSite=Strict; .*; Secure$/)
      expect(await cookieFor(`Origin: ${publicUrl}`, "Sec-Fetch-Site: same-origin")).toContain("; Secure")
      expect(await cookieFor(from("203.0.113.9"))).toContain("; Secure")
      expect(await cookieFor()).toMatch(/HttpOnly; SameSite=Strict; Max-Age=\d+$/)
    },
  )

  test("tells one address that asks too fast to wait, and nobody else", async () => {
    const [line, body, times] = flood
    const answers = await Promise.all(
      Array.from({ length: times }, () => ask(line, [from("203.0.113.1")], body)),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0)
    expect((await ask(line, [from("203.0.113.2")], body)).status).toBe(200)
    expect((await ask(line, [], body)).status).toBe(200)
  })
})

describe("200 guesses of a password at once", () => {
  const takeaway = demos[0] as Demo
  test("are counted before they are hashed, by who guesses, and keep nobody else out", async () => {
    await using demo = await takeaway.start()
    const [path] = takeaway.act
    const guess = (address: string, given: string): Promise<Response> =>
      fetch(demo.url + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Forwarded-For": address },
        body: JSON.stringify({ shop: "shop1", password: given }),
      })
    const guesses = Array.from({ length: 200 }, (_, at) => guess("203.0.113.1", `guess ${at}`))
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(195)
    expect((await guess("203.0.113.2", password)).status).toBe(200)
  })
})

describe("a target that a URL parser makes another of", () => {
  test.each(demos.slice(0, 2))(
    "is refused by $name, whose guard would judge another than came",
    async ({ start }) => {
      await using demo = await start()
      for (const target of ["/pages/../kitchen", "/nowhere/%2e%2e/deploys", "/pages\\icon.svg"])
        expect([target, (await askRaw(demo.url, { line: `GET ${target}` }))?.status]).toEqual([target, 400])
    },
  )
})
