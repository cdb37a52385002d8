// Spring's SockJsClient, unchanged, with each of its transports.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { publish } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { headerOf, Spring, type SpringTransport } from "./spring.ts"

let server: OwnServer
let spring: Spring
beforeAll(async () => {
  server = await startServer({
    sockjs: { paths: { "/websocket": "stomp" } },
    onMessage: ({ channel, data }) =>
      channel.startsWith("/app/") ? { publish: false, reply: `heard ${String(data)}` } : undefined,
  })
  spring = await Spring.start()
}, 120_000)
afterAll(async () => {
  await spring[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const transports: readonly SpringTransport[] = ["sockjs websocket", "sockjs xhr_streaming", "sockjs xhr"]

for (const transport of transports)
  describe(`SockJsClient, ${transport}`, () => {
    const connected = () => spring.connect({ url: `${server.base}/websocket`, transport, beatMs: 10_000 })

    test("[T9] [T11] connects in STOMP 1.2 with heart-beats of ten seconds", async () => {
      await using client = await connected()
      expect([headerOf(client.connected, "version"), headerOf(client.connected, "heart-beat")]).toEqual([
        "1.2",
        "10000,10000",
      ])
    })

    test("[T12] [T13] [T15] [T19] subscribes, sends and hears; each is answered by a receipt, and headers are passed on", async () => {
      await using client = await connected()
      const channel = freshChannel("topic")
      expect(headerOf(await client.subscribe(channel), "cursor")).toBeString()
      await client.send(channel, "hello: 日本 👩‍🍳\nsecond line", { custom: "a value: with \\ in it" })
      const { headers, payload } = await client.message()
      expect([payload, headerOf(headers, "custom")]).toEqual([
        "hello: 日本 👩‍🍳\nsecond line",
        "a value: with \\ in it",
      ])
      await publish(server.base + channel, "by HTTP")
      expect((await client.message()).payload).toBe("by HTTP")
    })

    test("keeps order: a hundred messages come as they were published", async () => {
      await using client = await connected()
      const channel = freshChannel("topic")
      await client.subscribe(channel)
      for (let number = 0; number < 100; number++) await publish(server.base + channel, String(number))
      for (let number = 0; number < 100; number++)
        expect((await client.message()).payload).toBe(String(number))
    })

    test("[T24] is answered by the application at its own queue", async () => {
      await using client = await connected()
      await client.subscribe("/user/queue/seckill")
      await client.send("/app/seckill", "42")
      expect((await client.message()).payload).toBe("heard 42")
    })

    test("[T20] is told what was wrong, and that it ended", async () => {
      await using client = await connected()
      void client.send("/no//channel", "x").catch(() => "no receipt comes")
      const { event, headers } = await client.inbox.next()
      expect([event, headerOf(headers, "code")]).toEqual(["error", "bad_channel"])
      expect((await client.inbox.next()).event).toBe("ended")
    })

    test("is gone when it has said DISCONNECT", async () => {
      const channel = freshChannel("topic")
      {
        await using client = await connected()
        await client.subscribe(channel)
        expect((await publish(server.base + channel, "one")).listeners).toBe(1)
      }
      expect((await publish(server.base + channel, "two")).listeners).toBe(0)
    })
  })
