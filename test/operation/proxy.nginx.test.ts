// The nginx snippet as it is in deploy/, between real clients and a real server: nothing waits in a buffer, everything that
// Laba speaks gets through, and clients are who they are.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Laba, Visitor } from "../../src/server/index.ts"
import { askTarget } from "../access/raw-targets.ts"
import { textOf } from "../support/heard.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { type Nginx, startNginx } from "../support/nginx.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { readText } from "../tree.ts"
import { closedTargets, key, reached, serveBehindProxy } from "./behind-proxy.ts"

const visitors: Visitor[] = []
let base = ""
let laba: Laba
let nginx: Nginx

beforeAll(async () => {
  laba = await serveBehindProxy({ onConnect: (visitor) => void visitors.push(visitor) })
  const snippet = readText("deploy/nginx/upstream.conf") + readText("deploy/nginx/laba.conf")
  nginx = await startNginx((port) =>
    snippet
      .replace("server 127.0.0.1:8080;", `server 127.0.0.1:${laba.port};`)
      .replace("listen 80;", `listen 127.0.0.1:${port};`),
  )
  base = nginx.base
})

afterAll(async () => {
  await nginx[Symbol.asyncDispose]()
  await laba.close()
})

describe("through nginx", () => {
  test("no id of a session and no query stands in the access log", async () => {
    const opened = await fetch(`${base}/_/session`, { method: "POST" })
    const { frames } = (await opened.json()) as { frames: { connection: string }[] }
    const id = frames[0]?.connection as string
    const tag = id.split("-").slice(2).join("-")
    expect((await fetch(`${base}/_/session/${id}?ack=1`)).status).toBe(200)
    await fetch(`${base}/_/api/connections/${id}`)
    await fetch(`${base}/logged?token=a-secret`)
    for (;;) {
      const log = await nginx.accessLog()
      expect(log).not.toContain(tag)
      expect(log).not.toContain("a-secret")
      if (log.includes('"GET /logged HTTP/1.1"') && log.includes('"GET /_/session/... HTTP/1.1"')) return
      await Bun.sleep(10)
    }
  })

  test("a message reaches every transport at once, and not when a buffer is full", async () => {
    const url = `${base}/c`
    await using raw = await listenByRawSocket(url)
    await using socket = await connectByLaba(url)
    await using stream = await listenBySse(url)
    await stream.position()
    await socket.frame("subscribed")
    const poll = fetch(`${url}?wait=25`)
    while ((await listeners()) < 4) await Bun.sleep(5)
    const published = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${key.text}` },
      body: "hello",
    })
    expect(published.status).toBe(201)
    for (const listener of [raw, socket, stream]) expect(textOf(await listener.message())).toBe("hello")
    expect(await (await poll).json()).toMatchObject({ messages: [{ data: "hello" }] })
  })

  test("a client has its own address, whatever it says of itself", async () => {
    visitors.length = 0
    await fetch(`${base}/c`, { headers: { "x-forwarded-for": "203.0.113.7" } })
    expect(visitors.map(({ address }) => address)).toEqual(["127.0.0.1"])
  })

  test("what is too large is refused by Laba, with its code", async () => {
    const response = await fetch(`${base}/c`, {
      method: "POST",
      headers: { authorization: `Bearer ${key.text}` },
      body: "x".repeat(100_000),
    })
    expect([response.status, await response.json()]).toMatchObject([413, { code: "too_large" }])
  })

  test("what is for backends and monitoring is not there, however it is spelled", async () => {
    expect(await reached(base, closedTargets)).toEqual([])
    // By nginx itself, not only by what stands behind it.
    for (const target of ["/_\\metrics", "/x/../_/metrics", "/x/%2e%2E/_/api/x", "/a/..", "/a/.?x"])
      expect([target, (await askTarget(base, target)).body]).toEqual([
        target,
        expect.stringContaining("nginx"),
      ])
    expect((await askTarget(base, "/...a/..b?x=/../\\")).status).toBe(204)
  })

  function listeners(): Promise<number> {
    return fetch(`${base}/c`, { method: "HEAD" }).then(({ headers }) => Number(headers.get("laba-listeners")))
  }
})
