// The demo shops' password: open on one's own machine, and nobody's as soon as others can reach the desk.
import { afterEach, expect, setDefaultTimeout, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { demoTakeaway, type DemoTakeaway, type DemoOptions } from "../demo.ts"
import { demoOptions } from "./demo-options.ts"

/** Starts a desk with its Laba, some of them more than once. */
setDefaultTimeout(120_000)

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "takeaway-"))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface Started extends DemoTakeaway {
  readonly said: readonly string[]
}

async function start(directory: string, given: Partial<DemoOptions> = {}): Promise<Started> {
  const said: string[] = []
  const desk = await demoTakeaway({ ...demoOptions(directory, (line) => said.push(line)), ...given })
  cleanups.push(() => desk.close())
  return { ...desk, said }
}

/** Ends a desk before the test does. */
async function stop(desk: Started): Promise<void> {
  await desk.close()
  cleanups.pop()
}

async function login(desk: Started, password: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${desk.url}/api/kitchen/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ shop: "shop1", password }),
  })
  return answer.status
}

async function shown(desk: Started, headers: Record<string, string> = {}) {
  const read = async (method: string, path: string) =>
    (await (await fetch(desk.url + path, { method, headers })).json()) as Record<string, unknown>
  return {
    password: (await read("GET", "/api/kitchen/login"))["demoPassword"],
    isDemo: (await read("POST", "/api/visit"))["isDemo"],
  }
}

test("is open, and shown, on one's own machine", async () => {
  const desk = await start(await newFolder())
  expect(desk.password).toBe("laba")
  expect(await shown(desk)).toEqual({ password: "laba", isDemo: true })
  expect(await login(desk, "laba")).toBe(200)
})

test.each<[string, Partial<DemoOptions>]>([
  ["at every address", { host: "0.0.0.0" }],
  ["behind a proxy", { publicUrl: "https://takeaway.example" }],
  ["with a Laba that pages find elsewhere", { publicLaba: "https://laba.example" }],
])("of a desk that was tried out, and is then opened %s, is a new one, and that is said", async (_, open) => {
  const folder = await newFolder()
  await stop(await start(folder))
  const desk = await start(folder, open)
  expect(desk.said).toContain(
    "takeaway: others can reach this desk now, so the demo shops have a new password",
  )
  expect(await shown(desk)).toEqual({ password: null, isDemo: false })
  expect(await login(desk, "laba")).toBe(401)
  expect(await login(desk, desk.password as string)).toBe(200)
  const made = desk.password as string
  await stop(desk)
  // It stays, and is said once; back on one's own machine nobody is told a password that is not the right one.
  const again = await start(folder, open)
  expect(again.password).toBeNull()
  expect(again.said).toEqual([])
  await stop(again)
  const back = await start(folder)
  expect(back.password).toBeNull()
  expect(await shown(back)).toEqual({ password: null, isDemo: false })
  expect(await login(back, made)).toBe(200)
})

test("is neither shown nor good through a proxy of which the desk was not told", async () => {
  const desk = await start(await newFolder())
  for (const headers of [
    { "X-Forwarded-For": "203.0.113.7" },
    { Forwarded: "for=203.0.113.7" },
    { "CF-Connecting-IP": "203.0.113.7" },
  ] as Record<string, string>[]) {
    expect([headers, await shown(desk, headers)]).toEqual([headers, { password: null, isDemo: false }])
    expect([headers, await login(desk, "laba", headers)]).toEqual([headers, 401])
  }
  expect(await login(desk, "laba", { Host: "takeaway.example" })).toBe(403)
})
