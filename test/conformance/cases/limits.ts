// Every limit answers with its own code, and what was refused changed nothing.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { connectByLaba } from "../../support/laba-socket.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf, numbers, post, problemIn, publish, publishAll } from "../../support/publish.ts"
import { listenByRawSocket } from "../../support/raw-socket.ts"
import { listenBySse } from "../../support/sse-stream.ts"
import { everyTransport, manyChannelSse, sse } from "../../support/transports.ts"
import { type ConformanceCase, keeping } from "../case.ts"
import { openReady } from "./order.ts"

export const limits: readonly ConformanceCase[] = [
  {
    name: "[P5] [P6] takes a message of `messageBytesMax` bytes and refuses one byte more; characters are counted as UTF-8",
    options: { limits: { messageBytesMax: 30 } },
    async run({ url }) {
      for (const text of ["x".repeat(30), "喇".repeat(10)]) await publish(url, text)
      const before = await headOf(url)
      for (const text of ["x".repeat(31), "喇".repeat(11)]) {
        expect(await problemIn(await post(url, text))).toMatchObject({ status: 413, code: "too_large" })
      }
      expect(await headOf(url)).toEqual(before)
    },
  },
  {
    name: "[P2] [P5] counts a form's field after decoding, not its escapes",
    async run({ url }) {
      const body = `data=${"%41".repeat(60_000)}`
      const headers = { "content-type": "application/x-www-form-urlencoded" }
      expect((await fetch(url, { method: "POST", body, headers })).status).toBe(201)
      expect(await (await fetch(url)).text()).toBe("A".repeat(60_000))
    },
  },
  {
    name: "[P5] closes a WebSocket that sends too large a message, and publishes nothing",
    options: { limits: { messageBytesMax: 1000 } },
    async run({ url }) {
      await using listener = await listenByRawSocket(url)
      listener.socket.send("x".repeat(1001))
      expect([4013, 1009]).toContain((await listener.end()).number as number)
      expect((await headOf(url)).length).toBe(0)
    },
  },
  {
    name: "refuses a poll when `pollsWaitingMax` are held, and takes one again when one was answered",
    options: { limits: { pollsWaitingMax: 2 } },
    async run({ url }) {
      const held = [pollOnce(`${url}?wait=25`), pollOnce(`${url}?wait=25`)]
      while ((await headOf(url)).listeners < 2) await Bun.sleep(1)
      const response = await fetch(`${url}?wait=25`)
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(await problemIn(response)).toMatchObject({
        status: 503,
        code: "too_many_polls",
        retry: "back-off",
      })
      await publish(url, "x")
      await Promise.all(held)
      expect((await pollOnce(`${url}?wait=1`)).messages).toEqual([])
    },
  },
  {
    name: "[M5] refuses more than `channelsPerConnectionMax` channels, on every way to listen to many",
    options: { limits: { channelsPerConnectionMax: 2 } },
    async run({ base, channel }) {
      const query = (count: number) =>
        numbers(count)
          .map((n) => `channel=${channel}/${n}`)
          .join("&")
      for (const place of ["events", "poll"]) {
        const response = await fetch(`${base}/_/${place}?${query(3)}`)
        expect(await problemIn(response)).toMatchObject({ status: 400, code: "too_many_channels" })
      }
      await using listener = await connectByLaba(`${base}/_/ws`)
      for (const ref of [1, 2, 3]) listener.send({ op: "subscribe", ref, channel: `${channel}/${ref}` })
      expect(await listener.frame("error")).toMatchObject({ ref: 3, code: "too_many_channels" })
      listener.send({ op: "unsubscribe", ref: 4, channel: `${channel}/1` })
      listener.send({ op: "subscribe", ref: 5, channel: `${channel}/3` })
      expect(await listener.frame("subscribed")).toMatchObject({ ref: 5 })
    },
  },
  {
    name: "keeps at most `count` messages",
    options: keeping(3),
    async run({ url }) {
      const { cursor } = await headOf(url)
      await publishAll(url, numbers(3))
      expect((await pollOnce(`${url}?after=${cursor}`)).messages).toHaveLength(3)
      await publish(url, "4")
      expect((await pollOnce(`${url}?after=${cursor}`)).reset).toBe("trimmed")
      expect((await headOf(url)).length).toBe(3)
    },
  },
  {
    name: "keeps at most `bytes` of payload",
    options: keeping(1000, "1KB"),
    async run({ url }) {
      const answers = await publishAll(
        url,
        numbers(5).map(() => "x".repeat(400)),
      )
      expect((await headOf(url)).length).toBe(2)
      expect((await pollOnce(`${url}?after=${answers[2]?.cursor}`)).messages).toHaveLength(2)
      expect((await pollOnce(`${url}?after=${answers[1]?.cursor}`)).reset).toBe("trimmed")
    },
  },
  {
    name: "keeps messages no longer than `time`",
    options: { channels: { "/**": { history: { count: 100, bytes: "1MB", time: "1s" } } } },
    async run({ url }) {
      const { cursor } = await headOf(url)
      await publish(url, "x")
      expect((await pollOnce(`${url}?after=${cursor}`)).messages).toHaveLength(1)
      while ((await headOf(url)).length > 0) await Bun.sleep(50)
      expect((await pollOnce(`${url}?after=${cursor}`)).reset).toBe("trimmed")
      // Who had heard everything has missed nothing, however long ago that was.
      const tail = await headOf(url)
      await publish(url, "y")
      const answer = await pollOnce(`${url}?after=${tail.cursor}`)
      expect(answer).toMatchObject({ reset: null, messages: [{ data: "y" }] })
    },
  },
  {
    name: "[C13] refuses to listen to one channel more than `listenedChannelsMax`, and takes it again when one was left",
    over: everyTransport.filter((one) => one.isHeld && one.tellsCursor),
    options: { limits: { listenedChannelsMax: 1 } },
    async run({ base, channel, url, transport }) {
      await using first = await openReady(sse, base, channel)
      await using refused = await transport.open(base, `${channel}/more`)
      expect((await refused.end()).code).toBe("too_many_listened")
      // One that is listened to already has room for everybody, and who only publishes needs none.
      await using second = await openReady(transport, base, channel)
      await publish(`${url}/more`, "nobody listens")
      await publish(url, "x")
      expect([textOf(await first.message()), textOf(await second.message())]).toEqual(["x", "x"])
      await first[Symbol.asyncDispose]()
      await second[Symbol.asyncDispose]()
      while ((await headOf(url)).listeners > 0) await Bun.sleep(10)
      await using again = await openReady(transport, base, `${channel}/more`)
      await publish(`${url}/more`, "y")
      expect(textOf(await again.message())).toBe("y")
    },
  },
  {
    name: "[C13] refuses a poll that would be held, and a raw WebSocket before the upgrade, by `listenedChannelsMax`",
    options: { limits: { listenedChannelsMax: 1 } },
    async run({ base, channel, url }) {
      await using _first = await openReady(sse, base, channel)
      const upgrade = { upgrade: "websocket", connection: "upgrade", "sec-websocket-version": "13" }
      const headers = { ...upgrade, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" }
      const refusal = { status: 503, code: "too_many_listened", retry: "back-off" }
      expect(await problemIn(await fetch(`${url}/more?wait=5`))).toMatchObject(refusal)
      const named = { ...refusal, limit: "listenedChannelsMax", retryAfter: 5 }
      expect(await problemIn(await fetch(`${url}/more`, { headers }))).toMatchObject(named)
      // Polls that answer at once listen to nothing.
      expect((await pollOnce(`${url}/more?wait=0`)).messages).toEqual([])
    },
  },
  {
    name: "trims the least recently used channels first when the node's history is full",
    options: { ...keeping(100, "90KB"), limits: { historyBytesMax: 100_000 } },
    async run({ url }) {
      const old = await headOf(`${url}/old`)
      await publishAll(
        `${url}/old`,
        numbers(4).map(() => "x".repeat(10_000)),
      )
      const young = await headOf(`${url}/young`)
      await publishAll(
        `${url}/young`,
        numbers(8).map(() => "x".repeat(10_000)),
      )
      expect((await pollOnce(`${url}/young?after=${young.cursor}`)).messages).toHaveLength(8)
      expect((await pollOnce(`${url}/old?after=${old.cursor}`)).reset).toBeString()
    },
  },
  {
    name: "[S8] ends a stream after `streamSecondsMax`, and the next one goes on where it ended",
    over: [sse, manyChannelSse],
    options: { limits: { streamSecondsMax: 2, heartbeatSeconds: 1 } },
    async run({ base, channel, url, transport }) {
      await using first = await transport.open(base, channel)
      let cursor = await first.position()
      await publish(url, "a")
      cursor = (await first.message()).cursor as string
      await first.end()
      await publish(url, "b")
      await using second = await transport.open(base, channel, cursor)
      expect(textOf(await second.message())).toBe("b")
    },
  },
  {
    name: "[S7] sends a comment as the heartbeat of a stream",
    options: { limits: { heartbeatSeconds: 1 } },
    async run({ url }) {
      await using listener = await listenBySse(url)
      const until = Date.now() + 20_000
      while (listener.comments.length < 2 && Date.now() < until) await Bun.sleep(20)
      expect(listener.comments.length).toBeGreaterThanOrEqual(2)
      await publish(url, "still here")
      expect(textOf(await listener.message())).toBe("still here")
    },
  },
]
