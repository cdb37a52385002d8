// What supervisors, balancers and monitoring ask of a node.
import { describe, expect, test } from "bun:test"
import { makeKey } from "../../src/access/credentials/keys.ts"
import { eventually } from "../support/eventually.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"

async function metricsOf(base: string): Promise<Map<string, number>> {
  const response = await fetch(`${base}/_/metrics`)
  expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4")
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  )
}

describe("a node", () => {
  test("that is well is alive and ready", async () => {
    await using server = await startServer()
    expect(await (await fetch(`${server.base}/_/live`)).json()).toEqual({ live: true })
    const ready = await fetch(`${server.base}/_/ready`)
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }])
    expect((await fetch(`${server.base}/_/ready`, { method: "HEAD" })).status).toBe(200)
  })

  test("answers the plain checks of balancers, which speak HTTP/1.0 and name no Host, and nothing else so", async () => {
    await using server = await startServer()
    const ask = async (line: string, headers: readonly string[] = []) => {
      await using connection = await RawConnection.open(server.base)
      connection.send(`${line}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`)
      return await connection.until(
        () => Number(/^HTTP\/1\.[01] (\d{3}) /.exec(connection.text)?.[1] ?? 0) || null,
      )
    }
    for (const path of ["/_/live", "/_/ready", "/_/ready?from=haproxy"]) {
      expect([path, await ask(`GET ${path} HTTP/1.0`)]).toEqual([path, 200])
      expect([path, await ask(`HEAD ${path} HTTP/1.0`)]).toEqual([path, 200])
      // What HAProxy sends when it is told nothing.
      expect([path, await ask(`OPTIONS ${path} HTTP/1.0`)]).toEqual([path, 204])
      expect([path, await ask(`GET ${path} HTTP/1.0`, ["Host: not a host"])]).toEqual([path, 400])
    }
    // Whoever names no Host gets nothing by it: neither what is guarded nor what a query would smuggle in.
    for (const target of [
      "/c",
      "/_/metrics",
      "/_/lively",
      "/?://x/_/live",
      "/c?x=http://127.0.0.1/_/live",
      "//_/live",
    ])
      expect([target, await ask(`GET ${target} HTTP/1.0`)]).toEqual([target, 400])
  })

  test("counts what happens, and tells when it is asked", async () => {
    await using server = await startServer({ limits: { messageBytesMax: 100, outboxBytesMax: 1000 } })
    const url = `${server.base}/c`
    await using raw = await listenByRawSocket(url)
    await using laba = await connectByLaba(url)
    await using stream = await listenBySse(url)
    await stream.position()
    await laba.frame("subscribed")
    const poll = fetch(`${url}?wait=25`)
    while ((await metricsOf(server.base)).get("laba_polls_held") !== 1) await Bun.sleep(5)
    for (const data of ["one", "three"]) await fetch(url, { method: "POST", body: data })
    await poll
    await raw.messages(2)
    await fetch(url, { method: "POST", body: "x".repeat(101) })
    laba.send({ op: "publish", ref: 1, channel: "/c", data: "x".repeat(101) })
    await laba.frame("error")
    await fetch(`${url}?after=elsewhere-1&wait=1`)
    await fetch(`${server.base}/%zz`)
    const counted = [
      ['laba_connections{transport="websocket",protocol="raw"}', 1],
      ['laba_connections{transport="websocket",protocol="laba"}', 1],
      ['laba_connections{transport="sse",protocol="raw"}', 1],
      ['laba_connections_opened_total{transport="sse",protocol="raw"}', 1],
      ["laba_messages_total", 2],
      ["laba_message_bytes_total", 8],
      // The poll was answered with the first.
      ["laba_deliveries_total", 7],
      ["laba_delivery_bytes_total", 3 * 4 + 5 * 3],
      ['laba_publishes_refused_total{code="too_large"}', 2],
      ['laba_requests_refused_total{code="too_large"}', 1],
      ['laba_requests_refused_total{code="bad_channel"}', 1],
      ["laba_channels_heard", 1],
      ["laba_ready", 1],
      ["laba_polls_held", 0],
    ] as const
    const metrics = await eventually(async () => {
      const found = await metricsOf(server.base)
      expect(counted.map(([name]) => [name, found.get(name)])).toEqual(counted.map((each) => [...each]))
      return found
    })
    expect(metrics.get("laba_history_bytes")).toBeGreaterThan(0)
    expect(metrics.get("laba_resident_memory_bytes")).toBeGreaterThan(1_000_000)
  })
})

describe("metrics", () => {
  const manager = makeKey("manager")
  const shop = makeKey("shop")
  const keys = [
    { name: "manager", sha256: manager.sha256, manage: ["/**"] },
    { name: "shop", sha256: shop.sha256, publish: ["/**"], manage: ["/orders/**"] },
  ]

  test("are for this machine, and for others only with a key that manages the node", async () => {
    await using server = await startServer({ keys })
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${server.base}/_/metrics`, { headers })).status
    expect(await status({})).toBe(200)
    // A proxy on this machine passes on who is not.
    const passedOn = { "x-forwarded-for": "203.0.113.7" }
    expect(await status(passedOn)).toBe(401)
    expect(await status({ host: "laba.example" })).toBe(401)
    expect(await status({ ...passedOn, authorization: `Bearer ${shop.text}` })).toBe(403)
    expect(await status({ ...passedOn, authorization: `Bearer ${manager.text}` })).toBe(200)
  })

  test("are not for pages of other origins", async () => {
    await using server = await startServer({ keys })
    expect(
      (await fetch(`${server.base}/_/metrics`, { headers: { origin: "https://elsewhere.example" } })).status,
    ).toBe(401)
  })

  test("without keys are for this machine alone", async () => {
    await using server = await startServer()
    expect(server.laba.runKey).toBeNull()
    for (const path of ["/_/metrics", "/_/api/connections"]) {
      const status = async (headers: Record<string, string>) =>
        (await fetch(server.base + path, { headers })).status
      expect([path, await status({})]).toEqual([path, 200])
      expect([path, await status({ via: "1.1 proxy" })]).toEqual([path, 403])
    }
  })

  test("without keys on a server that is open to everybody take the key of its run", async () => {
    await using server = await startServer({ open: true })
    await using other = await startServer({ open: true })
    for (const path of ["/_/metrics", "/_/api/connections", "/_/api/openapi.json"]) {
      const status = async (headers: Record<string, string>) =>
        (await fetch(server.base + path, { headers })).status
      expect([path, await status({})]).toEqual([path, 401])
      expect([path, await status({ authorization: `Bearer ${other.laba.runKey}` })]).toEqual([path, 401])
      expect([path, await status({ authorization: `Bearer ${server.laba.runKey}` })]).toEqual([path, 200])
    }
  })
})
