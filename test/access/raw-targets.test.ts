// The path that a proxy in front of the server saw is the path that is served: what a URL parser would make another of is
// refused, and what is spelled in another way is not.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { bearing, type Guarded, shop, startGuarded } from "./guarded.ts"
import { askTarget } from "./raw-targets.ts"
import { handshakeHeaders } from "../support/websocket-frames.ts"

let server: Guarded

beforeAll(async () => {
  server = await startGuarded({ channels: { "/**": { listen: "anyone", publish: "anyone" } } })
})
afterAll(() => server[Symbol.asyncDispose]())

/** What a URL parser makes another path of. */
const rewritten: readonly string[] = [
  "/a\\b",
  "/.\\a",
  "/x/..\\a",
  "/a/../b",
  "/a/%2e%2e/b",
  "/a/.%2E/b",
  "/a/./b",
  "/a/%2e/b",
  "/a/b/..",
  "/a\xff",
  "/a\xc0\xaf",
  "/\xed\xa0\x80",
  "/a//../b",
  "//../b",
  `/${"x/../".repeat(200)}b`,
  // Too deep for the router to show what came.
  "/a".repeat(100),
  "http://elsewhere.example/a/../b",
]

describe("[C2] a path that would be another", () => {
  test.each(rewritten)("%s is refused", async (target) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const { status, body } = await askTarget(server.base, target, [], method)
      expect([method, status, body]).toEqual([method, 400, expect.stringContaining("bad_channel")])
    }
    expect(server.laba.counters.published).toBe(0)
  })

  test("is refused under /_/ too, with a key that may", async () => {
    const key = [`Authorization: Bearer ${shop.text}`]
    for (const target of [
      "/_\\metrics",
      "/_\\api\\connections",
      "/_/api\\connections",
      "/x/../_/metrics",
      "/x/%2e%2e/_/metrics",
      "/x\\..\\_\\metrics",
      "/_/./metrics",
      "/_/x/../metrics",
      "/_/session\\x",
    ])
      expect([target, (await askTarget(server.base, target, key)).status]).toEqual([target, 400])
    for (const target of ["/_/metrics", "/_/api/connections"])
      expect([target, (await askTarget(server.base, target, key)).status]).toEqual([target, 200])
  })

  test("is refused to a WebSocket", async () => {
    expect((await askTarget(server.base, "/a\\b", handshakeHeaders)).status).toBe(400)
    expect((await askTarget(server.base, "/a/b", handshakeHeaders)).status).toBe(101)
  })
})

describe("[C1] a path that is spelled in another way", () => {
  test.each([
    ["/caf%C3%A9", "/caf%C3%A9"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/caf\xc3\xa9", "/caf%C3%A9"],
    ["/a%2Db", "/a-b"],
    ["/a%3Ab", "/a:b"],
    ["/a%3Fb", "/a%3Fb"],
    ["/a/b?x=/../y", "/a/b"],
    ["/a/b?x=\\", "/a/b"],
    ["/...", "/..."],
    ["/.a/..b", "/.a/..b"],
    ["/%61/%2E%2E%2E", "/a/..."],
    ["/a".repeat(99), "/a".repeat(99)],
  ])("%s is served", async (target, channel) => {
    const published = await askTarget(server.base, target, ["Content-Type: text/plain"], "POST")
    expect([published.status, JSON.parse(published.body)]).toMatchObject([201, { channel }])
    const read = await fetch(`${server.base}${channel}?after=e-0`, { headers: bearing(shop.text) })
    expect(read.status).toBe(200)
  })

  test("U+FFFD is no character of a name: it may have been any bytes", async () => {
    expect((await askTarget(server.base, "/a%EF%BF%BD")).status).toBe(400)
    const many = await fetch(`${server.base}/_/poll?channel=${encodeURIComponent("/a%EF%BF%BD")}`)
    expect(await many.json()).toMatchObject({ code: "bad_channel" })
  })
})
