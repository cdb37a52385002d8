// A reader that stops reading hurts nobody else, is told or closed with a word, and what it did get has no hole.
import type { ServeOptions } from "../../src/server/index.ts"
import { describe, expect, test } from "bun:test"
import { type HeardMessage, textOf } from "../support/heard.ts"
import { pollOnce } from "../support/poller.ts"
import { headOf, publish } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { laba, rawWebSocket, resumingTransports, sockJsServices, sse } from "../support/transports.ts"
import { fillerBytes, hasHeard, numberOf, stallable, stallByWebSocket } from "../support/stalled-listener.ts"

// The kernel takes some megabytes for a reader that does not read (2.5 to 6 on loopback) before the server has any
// backlog. So much is published that the backlog is above `outboxBytesMax` in any case, and below four times that,
// where Bun's own limit would cut without a word.
const outboxBytesMax = 4 * 1024 * 1024
const messages = 230
const filler = "x".repeat(fillerBytes)
const numberIn = (message: HeardMessage): number => numberOf(textOf(message))
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)

const options = (slow: "disconnect" | "latest"): ServeOptions => ({
  channels: { "/**": { history: { count: 1000, bytes: "64MB", time: "10m" }, slow } },
  limits: { outboxBytesMax },
})

/** Published once the slow reader was judged, so never on its connection. */
const later = 20

async function publishRange(url: string, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) await publish(url, `${number} ${filler}`)
}

/** All that a slow reader is judged by, in one turn: it is not judged before the last is published, however slow the machine. */
async function publishAtOnce({ laba: node }: OwnServer, channel: string): Promise<void> {
  await Promise.all(range(0, messages).map((number) => node.publish(channel, `${number} ${filler}`)))
}

/** The cursor after `count` messages since `cursor`. */
async function cursorAfter(url: string, cursor: string, count: number): Promise<string> {
  let after = cursor
  for (let seen = 0; seen < count;) {
    const { messages: page } = await pollOnce(`${url}?after=${after}`)
    const taken = page.slice(0, count - seen)
    after = taken.at(-1)?.cursor ?? after
    seen += taken.length
  }
  return after
}

describe("a slow reader among fast ones", () => {
  for (const { name, stall } of stallable) {
    // Alone: a stream that ended is cut when its last words are not read within four seconds, and all share one thread here.
    test(`closes a reader that stops reading, and only that one; the others hear all in order (${name})`, async () => {
      await using server = await startServer(options("disconnect"))
      const channel = freshChannel()
      const url = server.base + channel
      const { cursor } = await headOf(url)
      const stalled = await stall(server.base, channel)
      await using slow = stalled.connection
      const fast = await Promise.all([rawWebSocket, sse, laba].map((one) => one.open(server.base, channel)))
      // Connected is not subscribed.
      while ((await headOf(url)).listeners < fast.length + 1) await Bun.sleep(5)
      const heard = fast.map((listener) => listener.messages(messages + later))
      await publishAtOnce(server, channel)
      // Judged by two looks a second apart.
      while ((await headOf(url)).listeners > fast.length) await Bun.sleep(20)
      // At once, for the same reason.
      slow.resume()
      await publishRange(url, messages, messages + later)
      for (const all of await Promise.all(heard))
        expect(all.map(numberIn)).toEqual(range(0, messages + later))

      await slow.closed()
      const got = stalled.numbers()
      expect(got.length).toBeGreaterThan(0)
      expect(got).toEqual(range(0, got.length))
      expect(got.length).toBeLessThanOrEqual(messages)
      expect(stalled.ending()).toBe("slow")

      // It comes back and misses nothing.
      const last = await cursorAfter(url, cursor, got.length)
      await using again = await sse.open(server.base, channel, last)
      expect((await again.messages(messages + later - got.length)).map(numberIn)).toEqual(
        range(got.length, messages + later),
      )
      for (const listener of fast) await listener[Symbol.asyncDispose]()
    }, 60_000)

    test.concurrent(
      `lets a reader skip to the newest where the rule says \`slow: latest\` (${name})`,
      async () => {
        await using server = await startServer(options("latest"))
        const channel = freshChannel()
        const url = server.base + channel
        const stalled = await stall(server.base, channel)
        await using slow = stalled.connection
        await using fast = await sse.open(server.base, channel)
        const heard = fast.messages(messages + later)
        await publishRange(url, 0, messages)
        // Judged by two looks a second apart.
        while (server.laba.counters.slowSkipped === 0) await Bun.sleep(20)
        await publishRange(url, messages, messages + later)
        expect((await heard).map(numberIn)).toEqual(range(0, messages + later))
        expect((await headOf(url)).listeners).toBe(2)
        slow.resume()
        const newest = messages + later - 1
        await slow.until(() => hasHeard(slow, newest))
        await publishRange(url, newest + 1, newest + 3)
        await slow.until(() => hasHeard(slow, newest + 2))
        const got = stalled.numbers()
        // A raw WebSocket has no way to say it.
        expect(stalled.skips()).toBe(name === "WebSocket" ? 0 : 1)
        const run = got.length - 3
        expect(run).toBeGreaterThan(0)
        expect(run).toBeLessThanOrEqual(messages)
        expect(got).toEqual([...range(0, run), newest, newest + 1, newest + 2])
      },
      60_000,
    )

    test.concurrent(
      `repeats nothing to a slow reader that missed nothing, where the rule says \`slow: latest\` (${name})`,
      async () => {
        await using server = await startServer(options("latest"))
        const channel = freshChannel()
        const url = server.base + channel
        const stalled = await stall(server.base, channel)
        await using slow = stalled.connection
        while ((await headOf(url)).listeners < 1) await Bun.sleep(5)
        await publishAtOnce(server, channel)
        while (server.laba.counters.slowSkipped === 0) await Bun.sleep(20)
        slow.resume()
        await slow.until(() => hasHeard(slow, messages - 1))
        await publishRange(url, messages, messages + 2)
        await slow.until(() => hasHeard(slow, messages + 1))
        expect(stalled.skips()).toBe(0)
        expect(stalled.numbers()).toEqual(range(0, messages + 2))
      },
      60_000,
    )
  }

  for (const transport of resumingTransports.filter((one) => one.tellsOwnCursor || !one.tellsCursor)) {
    test.concurrent(
      `does not take a long replay for slowness (${transport.name})`,
      async () => {
        await using server = await startServer({
          ...options("disconnect"),
          limits: { outboxBytesMax: 256 * 1024 },
          ...sockJsServices("/raw"),
        })
        const channel = freshChannel()
        const url = server.base + channel
        const { cursor } = await headOf(url)
        await publishRange(url, 0, messages)
        await using listener = await transport.open(server.base, channel, cursor)
        expect((await listener.messages(messages)).map(numberIn)).toEqual(range(0, messages))
      },
      60_000,
    )
  }

  test.concurrent(
    "waits for a reader that stalls in the middle of its replay, and then gives it the rest",
    async () => {
      await using server = await startServer({
        ...options("disconnect"),
        limits: { outboxBytesMax: 256 * 1024 },
      })
      const channel = freshChannel()
      const url = server.base + channel
      const { cursor } = await headOf(url)
      await publishRange(url, 0, messages)
      const stalled = await stallByWebSocket(server.base, `${channel}?after=${cursor}`)
      await using slow = stalled.connection
      await Bun.sleep(3000)
      slow.resume()
      await slow.until(() => hasHeard(slow, messages - 1))
      expect(stalled.numbers()).toEqual(range(0, messages))
    },
    60_000,
  )
})
