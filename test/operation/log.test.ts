// What a running server writes down, with everything on: never a token, a key or a payload, and no line that a client forged.
import { expect, test } from "bun:test"
import { makeKey } from "../../src/access/credentials/keys.ts"
import { serve, type ServeOptions } from "../../src/server/index.ts"
import { RawConnection } from "../support/raw-tcp.ts"

const secret = "a-secret-of-more-than-thirty-two-characters"

test("holds no credential and no payload, however they travel", async () => {
  const lines: string[] = []
  const key = makeKey("shop")
  const laba = await serve({
    listen: { port: 0 },
    limits: { drainSeconds: 0 },
    keys: [{ name: "shop", sha256: key.sha256, publish: ["/open/**"] }],
    tokens: { secret, inQuery: true },
    log: { level: "debug", format: "json" },
    logTo: (line) => void lines.push(line),
    onConnect: () => {
      throw new Error("the application is broken")
    },
  })
  const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0b2tlbi1tYXJrIn0.forged-signature-mark"
  const payload = "payload-mark"
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
  await fetch(`${laba.url}/c?token=${token}`)
  await fetch(`${laba.url}/c`, { headers: bearer(token) })
  await fetch(`${laba.url}/c`, { headers: { cookie: `laba=${token}` } })
  await fetch(`${laba.url}/closed`, { method: "POST", headers: bearer(key.text), body: payload })
  await fetch(`${laba.url}/open/c`, {
    method: "POST",
    headers: { ...bearer(key.text), "content-type": "application/json" },
    body: payload,
  })
  await fetch(`${laba.url}/open/c`, { headers: bearer(key.text) })
  await fetch(`${laba.url}/_/api/publish`, {
    method: "POST",
    headers: { ...bearer(key.text), "content-type": "application/json" },
    body: payload,
  })
  await laba.close()
  const written = lines.join("")
  expect(written).toContain("connection_refused")
  expect(written).toContain("request_refused")
  for (const mark of [
    token,
    "forged-signature-mark",
    key.text,
    key.text.slice(10),
    payload,
    secret,
    "laba=",
  ]) {
    expect([mark, written.includes(mark)]).toEqual([mark, false])
  }
})

test("has one line for one event, whatever stands in the path and the headers", async () => {
  const lines: string[] = []
  const laba = await serve({
    listen: { port: 0 },
    limits: { drainSeconds: 0 },
    log: { level: "debug", format: "json" },
    logTo: (line) => void lines.push(line),
  })
  const ask = async (path: string, host: string): Promise<void> => {
    await using connection = await RawConnection.open(laba.url)
    connection.request(`GET ${path}`, [`Host: ${host}`, "Connection: close"])
    await connection.answer()
  }
  const before = lines.length
  for (const path of [
    '/c%0a{"level":"error","event":"forged"}',
    "/c\u009b31m",
    "/c%1b[2J",
    "/a//b\u2028",
    "/_/%0d%0aforged",
  ]) {
    await ask(path, "127.0.0.1")
  }
  await ask("/c", "evil.example\u009b")
  await laba.close()
  const written = lines.slice(before).map((line) => {
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    return (JSON.parse(line) as { event: string }).event
  })
  expect(written).not.toContain("forged")
  expect(written.length).toBeGreaterThanOrEqual(5)
})

/** The lines of one event, of a server with these options, after what was done to it. */
async function linesOf(event: string, options: ServeOptions, act: (url: string) => Promise<unknown>) {
  const lines: string[] = []
  const laba = await serve({
    ...options,
    listen: { port: 0 },
    limits: { drainSeconds: 0 },
    log: { level: "warn", format: "json" },
    logTo: (line) => void lines.push(line),
  })
  await act(laba.url)
  await laba.close()
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line["event"] === event)
}

const asks = async (url: string, headers: Record<string, string>): Promise<unknown> =>
  (await fetch(url, { headers })).json()

test("says of each origin that was refused what would be right, once", async () => {
  const key = makeKey("shop")
  const keys = [{ name: "shop", sha256: key.sha256, publish: ["/**"] }]
  const origins = ["https://shop.example"]
  const told = await linesOf("origin_refused", { keys, origins }, async (url) => {
    for (let i = 0; i < 3; i++)
      for (const origin of ["http://shop.example", "https://www.shop.example"])
        expect(await asks(`${url}/c`, { origin })).toMatchObject({ code: "foreign_origin" })
    const upgrade = { upgrade: "websocket", connection: "upgrade", origin: "http://shop.example" }
    expect(await asks(`${url}/c`, upgrade)).toMatchObject({ code: "foreign_origin" })
  })
  expect(told.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/"http:\/\/shop\.example" .*`origins`/),
    expect.stringMatching(/"https:\/\/www\.shop\.example" .*`origins`/),
  ])
  expect(told.every(({ level }) => level === "warn")).toBeTrue()
  // A page may make up as many origins as it likes.
  const flood = await linesOf("origin_refused", { keys, origins }, async (url) => {
    for (let i = 0; i < 150; i++) await asks(`${url}/c`, { origin: `https://${i}.example` })
  })
  expect(flood.length).toBe(100)
})

test("says without keys that keys are what is missing, and of `--open` last", async () => {
  const told = await linesOf("origin_refused", {}, async (url) => {
    await asks(`${url}/c`, { origin: "https://shop.example" })
    await asks(`${url}/c`, { host: "push.example" })
    await asks(`${url}/c`, { host: "push.example" })
    await asks(`${url}/c`, { via: "1.1 proxy" })
  })
  expect(told).toHaveLength(3)
  for (const { detail } of told) {
    const text = String(detail)
    expect(text).toContain("`keys` or `tokens`")
    expect(text.indexOf("--open")).toBeGreaterThan(text.indexOf("`origins`"))
  }
})

test("says once of a health check or a scraper that it asks a channel", async () => {
  const told = await linesOf("channel_probed", {}, async (url) => {
    for (let i = 0; i < 3; i++) {
      for (const path of ["/healthz", "/metrics"]) expect((await fetch(url + path)).status).toBe(204)
      expect((await fetch(`${url}/health`, { method: "HEAD" })).status).toBe(200)
    }
    // Whoever publishes there means the channel, and whoever listens does.
    await fetch(`${url}/readyz`, { method: "POST", body: "x" })
    await fetch(`${url}/readyz`)
    await fetch(`${url}/livez?after=e-0`)
    await fetch(`${url}/other`)
  })
  expect(told.map(({ message, remedy }) => [message, remedy])).toEqual(
    Array.from({ length: 3 }, () => [
      "This path is a channel like any other.",
      "Ask /_/ready or /_/live for its health, and /_/metrics for figures.",
    ]),
  )
})

test("says once that SockJS is asked for where only STOMP by WebSockets is spoken, also to who is not let in", async () => {
  const options: ServeOptions = {
    stomp: { paths: ["/ws", "/both"] },
    sockjs: { paths: { "/both": "stomp" } },
    tokens: { secret },
  }
  const told = await linesOf("sockjs_missed", options, async (url) => {
    for (let i = 0; i < 2; i++) expect((await fetch(`${url}/ws/info`)).status).toBe(401)
    expect((await fetch(`${url}/both/info`)).status).toBe(200)
    await fetch(`${url}/other/info`)
  })
  expect(told.map(({ path, remedy }) => [path, remedy])).toEqual([
    ["/ws", "Configure it beside `stomp.paths`: sockjs: { paths: { /ws: stomp } }."],
  ])
})

test("says once that a WebSocket is asked for where STOMP is spoken over SockJS alone, and tells who asked where one opens", async () => {
  const options: ServeOptions = {
    stomp: { paths: ["/both"] },
    sockjs: { paths: { "/websocket": "stomp", "/both": "stomp", "/live": "laba" } },
  }
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  }
  const told = await linesOf("stomp_missed", options, async (url) => {
    for (const path of ["/websocket", "/websocket/", "/live"]) {
      const response = await fetch(url + path, { headers })
      expect(response.status).toBe(400)
      const { detail } = (await response.json()) as { detail: string }
      expect(detail).toContain(path === "/live" ? "`/live/websocket`." : "`/websocket/websocket`, or at")
    }
  })
  expect(told.map(({ path, remedy }) => [path, remedy])).toEqual([
    [
      "/websocket",
      "Let the client open /websocket/websocket, or configure the path in both: stomp: { paths: [/websocket] }.",
    ],
  ])
})
