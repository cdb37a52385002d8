// Spring's WebSocketStompClient, unchanged, straight at the server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { startGuarded, tokenFor } from "../access/guarded.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { headerOf, Spring } from "./spring.ts"

let server: OwnServer
let spring: Spring
beforeAll(async () => {
  server = await startServer({
    stomp: { paths: ["/websocket"] },
    onMessage: ({ channel, data }) =>
      channel.startsWith("/app/") ? { publish: false, reply: `heard ${String(data)}` } : undefined,
  })
  spring = await Spring.start()
}, 60_000)
afterAll(async () => {
  await spring[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const at = (path: string, { base }: { base: string } = server): string => base.replace(/^http/, "ws") + path

for (const path of ["/_/stomp", "/websocket"])
  describe(`WebSocketStompClient at ${path}`, () => {
    test("[T1] [T9] [T11] connects in STOMP 1.2, and agrees on heart-beats of ten seconds", async () => {
      await using client = await spring.connect({ url: at(path), beatMs: 10_000 })
      expect(headerOf(client.connected, "version")).toBe("1.2")
      expect(headerOf(client.connected, "heart-beat")).toBe("10000,10000")
      expect(headerOf(client.connected, "session")).toBeString()
    })

    test("[T12] [T13] [T15] [T19] subscribes, sends and hears; each is answered by a receipt, and headers are passed on", async () => {
      await using client = await spring.connect({ url: at(path) })
      const channel = freshChannel("topic")
      const subscribed = await client.subscribe(channel)
      expect([headerOf(subscribed, "recovered"), headerOf(subscribed, "history")]).toEqual(["false", "kept"])
      await client.send(channel, "hello: 日本\nsecond line", { custom: "a value: with \\ in it" })
      const { headers, payload } = await client.message()
      expect(payload).toBe("hello: 日本\nsecond line")
      expect(headerOf(headers, "destination")).toBe(channel)
      expect(headerOf(headers, "custom")).toBe("a value: with \\ in it")
      expect(headerOf(headers, "cursor")).toBeString()
    })

    test("[T22] hears what is published by HTTP, and is heard there", async () => {
      await using client = await spring.connect({ url: at(path) })
      const channel = freshChannel("topic")
      await client.subscribe(channel)
      await publish(server.base + channel, "by HTTP")
      expect((await client.message()).payload).toBe("by HTTP")
      await client.send(channel, "by Spring")
      expect(await (await fetch(server.base + channel)).text()).toBe("by Spring")
    })
  })

describe("WebSocketStompClient", () => {
  const url = () => at("/_/stomp")

  test("[T12] [T15] reads JSON by its converter, from Spring and from HTTP, with a content type and without", async () => {
    await using client = await spring.connect({ url: url(), converter: "json" })
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    await client.send(channel, { text: "日本" })
    expect((await client.message()).payload).toEqual({ text: "日本" })
    for (const type of ["application/json", "text/plain"]) {
      await publish(server.base + channel, '{"by":"HTTP"}', { type })
      expect((await client.message()).payload).toEqual({ by: "HTTP" })
    }
  })

  test("[T3] [T12] sends and hears bytes, and frames that it splits", async () => {
    await using client = await spring.connect({ url: url(), converter: "bytes", splitAt: 1000 })
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    const bytes = Buffer.from(Uint8Array.from({ length: 40_000 }, (_, index) => index % 256)).toString(
      "base64",
    )
    await client.send(channel, bytes)
    expect((await client.message()).payload).toBe(bytes)
  })

  test("keeps order: a hundred messages come as they were published", async () => {
    await using client = await spring.connect({ url: url() })
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    for (let number = 0; number < 100; number++) await client.send(channel, String(number))
    for (let number = 0; number < 100; number++) expect((await client.message()).payload).toBe(String(number))
  })

  test("[T14] goes on from a cursor: what was published while it was away comes, once", async () => {
    const channel = freshChannel("topic")
    let cursor: string
    {
      await using first = await spring.connect({ url: url() })
      await first.subscribe(channel)
      await publish(server.base + channel, "one")
      cursor = headerOf((await first.message()).headers, "cursor") as string
    }
    for (const text of ["two", "three"]) await publish(server.base + channel, text)
    await using second = await spring.connect({ url: url() })
    const subscribed = await second.subscribe(channel, { after: cursor })
    expect(headerOf(subscribed, "recovered")).toBe("true")
    for (const text of ["two", "three"]) expect((await second.message()).payload).toBe(text)
  })

  test("[T16] [T17] acknowledges one by one, and gets no more than it asked for", async () => {
    await using client = await spring.connect({ url: url() })
    const channel = freshChannel("topic")
    await client.subscribe(channel, { ack: "client-individual", "prefetch-count": "1" })
    for (const text of ["a", "b", "c"]) await publish(server.base + channel, text)
    for (const [text, consumed] of [
      ["a", true],
      ["b", false],
      ["c", true],
    ] as const) {
      const { headers, payload } = await client.message()
      expect([payload, client.inbox.ready]).toEqual([text, 0])
      await client.acknowledge(headerOf(headers, "ack") as string, consumed)
    }
    expect(server.laba.counters.nacked).toBe(1)
  })

  test("[T24] is answered by the application at its own queue", async () => {
    await using client = await spring.connect({ url: url() })
    await using other = await spring.connect({ url: url() })
    await client.subscribe("/user/queue/seckill")
    await other.subscribe("/user/queue/seckill")
    await client.send("/app/seckill", "42")
    const { headers, payload } = await client.message()
    expect([payload, headerOf(headers, "destination")]).toEqual(["heard 42", "/user/queue/seckill"])
    expect(other.inbox.ready).toBe(0)
  })

  test("hears nothing of a destination that it has unsubscribed from", async () => {
    await using client = await spring.connect({ url: url() })
    const [one, other] = [freshChannel("topic"), freshChannel("topic")]
    await client.subscribe(one)
    await client.subscribe(other)
    await client.unsubscribe(one)
    await client.send(one, "unheard")
    await client.send(other, "heard")
    expect((await client.message()).payload).toBe("heard")
  })

  test("[T20] is told what was wrong, and that it ended", async () => {
    await using client = await spring.connect({ url: url() })
    void client.send("/no//channel", "x").catch(() => "no receipt comes")
    const { event, headers } = await client.inbox.next()
    expect([event, headerOf(headers, "code")]).toEqual(["error", "bad_channel"])
    expect((await client.inbox.next()).event).toBe("ended")
  })

  test("[T10] [T23] is a user by its token, in CONNECT or in the handshake: what is sent to the user comes to all of its sessions", async () => {
    await using guarded = await startGuarded({
      channels: { "/@*/queue/**": { publish: "token" }, "/**": { listen: "token" } },
    })
    const token = await tokenFor("alice")
    const bearer = { Authorization: `Bearer ${token}` }
    const url = at("/_/stomp", guarded)
    await using byHeader = await spring.connect({ url, headers: bearer })
    await using byPasscode = await spring.connect({ url, headers: { login: "alice", passcode: token } })
    await using byHandshake = await spring.connect({ url, handshake: bearer })
    await using bob = await spring.connect({ url, headers: { passcode: await tokenFor("bob") } })
    const ofAlice = [byHeader, byPasscode, byHandshake]
    for (const client of ofAlice) {
      expect(headerOf(client.connected, "user-name")).toBe("alice")
      await client.subscribe("/user/queue/told")
    }
    await bob.subscribe("/user/queue/told")
    await bob.send("/user/alice/queue/told", "for alice")
    for (const client of ofAlice) {
      const { headers, payload } = await client.message()
      expect([payload, headerOf(headers, "destination")]).toEqual(["for alice", "/user/queue/told"])
    }
    expect(bob.inbox.ready).toBe(0)
  })

  test("[T10] is refused with an ERROR when its passcode is none", async () => {
    await using guarded = await startGuarded()
    const url = at("/_/stomp", guarded)
    expect(spring.connect({ url, headers: { passcode: "wrong" } })).rejects.toThrow("Connection closed")
  })
})
