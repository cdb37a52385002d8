// What a sale is tried out with: who may, where it exists, and that a crowd's sums are right. And the pages as files.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { CrowdProgress } from "../demo/crowd-settings.ts"
import { type Supervised, supervise } from "../demo/supervised.ts"
import { ShopProcess, until } from "./shop-process.ts"

let plain: ShopProcess
let shown: Supervised
let directory: string
const lines: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "flash-sale-demo-"))
  shown = supervise({
    directory,
    host: "127.0.0.1",
    port: 0,
    payments: null,
    paymentsPort: 0,
    args: ["--laba-port", "0"],
    log: (line) => lines.push(line),
  })
  plain = await ShopProcess.start()
  await until(
    async () => lines,
    (all) => all.some((line) => line.includes("key is")),
    60_000,
  )
}, 60_000)

afterAll(async () => {
  await shown.close()
  await plain[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
}, 60_000)

const found = (pattern: RegExp): string => pattern.exec(lines.join("\n"))?.[1] as string

const operator = (method: string, path: string, body?: unknown): Promise<Response> =>
  ask(method, `/operator${path}`, body)

const demo = (method: string, path: string, body?: unknown): Promise<Response> =>
  ask(method, `/demo${path}`, body)

const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${found(/sale is at (\S+)/)}/api${path}`, {
    method,
    headers: { Authorization: `Bearer ${found(/key is (\S+)/)}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

test("a shop that was not started as a demo has none of its tools, and describes none", async () => {
  for (const [method, path] of [
    ["GET", ""],
    ["POST", "/kill"],
    ["POST", "/crowd"],
    ["PUT", "/weather"],
  ] as const) {
    const answer = await fetch(`${plain.url}/api/demo${path}`, {
      method,
      headers: { Authorization: `Bearer ${plain.operatorKey}` },
    })
    expect(await answer.json()).toMatchObject({ status: 404, code: "not_found" })
  }
  for (const url of [plain.url, found(/sale is at (\S+)/)]) {
    const described = await (await fetch(`${url}/api/openapi.json`)).text()
    expect(described).not.toMatch(/demo|crowd|weather|kill/i)
  }
})

test("nobody but the operator kills a shop that was", async () => {
  const url = found(/sale is at (\S+)/)
  const answer = await fetch(`${url}/api/demo/kill`, { method: "POST" })
  expect(answer.status).toBe(401)
})

test("everybody of a crowd comes to an end, and the ends add up", async () => {
  const id = "crowded"
  const made = await operator("POST", "/sales", {
    id,
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 10, price: 100 }],
  })
  expect(made.status).toBe(201)
  const crowdOf = { sale: id, buyers: 40, withinSeconds: 2, pay: 1, giveBack: 0, leave: 0 }
  expect((await demo("POST", "/crowd", crowdOf)).status).toBe(202)
  expect(await (await demo("POST", "/crowd", crowdOf)).json()).toMatchObject({
    code: "crowd_busy",
  })
  const { crowd } = await until(
    async () => (await (await demo("GET", "")).json()) as { crowd: CrowdProgress | null },
    (view) => view.crowd?.done === true,
    50_000,
  )
  // All who win pay, so nothing comes back, and the others are told.
  expect(crowd).toMatchObject({
    came: 40,
    admitted: 40,
    won: 10,
    paid: 10,
    soldOut: 30,
    waiting: 0,
    refused: {},
  })
  const sale = (await (await operator("GET", `/sales/${id}`)).json()) as {
    standing: { items: { sold: number; available: number; held: number }[] }
  }
  expect(sale.standing.items[0]).toMatchObject({ sold: 10, available: 0, held: 0 })
}, 60_000)

test("a crowd that is too large, and weather that cannot be, are refused", async () => {
  expect((await demo("POST", "/crowd", { sale: "crowded", buyers: 1_000_000 })).status).toBe(400)
  expect((await demo("POST", "/crowd", { sale: "nowhere", buyers: 1 })).status).toBe(404)
  expect((await demo("PUT", "/weather", { lost: 2 })).status).toBe(400)
})

test("the pages load nothing from elsewhere, and are not sent again when they are known", async () => {
  for (const path of ["/", "/sales/lantern-1", "/operator"]) {
    const page = await fetch(plain.url + path)
    expect(page.headers.get("content-type")).toContain("text/html")
    expect(page.headers.get("content-security-policy")).toContain(`connect-src 'self' ${plain.labaUrl}`)
    const html = await page.text()
    expect(html).not.toMatch(/(src|href)="https?:/)
    for (const [, file] of html.matchAll(/(?:src|href)="(\/pages\/[^"]+)"/g)) {
      const first = await fetch(`${plain.url}${file}`)
      expect([file, first.status]).toEqual([file, 200])
      await first.arrayBuffer()
      const again = await fetch(`${plain.url}${file}`, {
        headers: { "If-None-Match": first.headers.get("etag") ?? "" },
      })
      expect([file, again.status]).toEqual([file, 304])
    }
  }
}, 60_000)
