// Server-sent events as they stand on the wire.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { publish, publishAll } from "../../support/publish.ts"
import { askRaw, RawConnection } from "../../support/raw-tcp.ts"
import { listenBySse } from "../../support/sse-stream.ts"
import { type ConformanceCase, keeping } from "../case.ts"

export const eventStream: readonly ConformanceCase[] = [
  {
    name: "[S1] answers with headers that forbid buffering, storing and transforming",
    async run({ url }) {
      const abort = new AbortController()
      const { status, headers } = await fetch(url, {
        headers: { accept: "text/event-stream" },
        signal: abort.signal,
      })
      abort.abort()
      expect(status).toBe(200)
      expect(headers.get("content-type")).toStartWith("text/event-stream")
      expect(headers.get("x-accel-buffering")).toBe("no")
      expect(headers.get("cache-control")).toContain("no-store")
      expect(headers.get("cache-control")).toContain("no-transform")
    },
  },
  {
    name: "[S2] gives the reconnect delay and the cursor before any message, in an event of its own",
    async run({ url }) {
      const { cursor } = await publish(url, "old")
      await using listener = await listenBySse(url)
      expect(await listener.next()).toEqual({ kind: "position", cursor })
      expect(listener.retries).toEqual([2000])
      expect(listener.positions).toEqual([
        {
          event: "position",
          id: cursor,
          data: JSON.stringify({ cursor, recovered: false, history: "kept" }),
        },
      ])
      expect(listener.events).toEqual([])
    },
  },
  {
    name: "[S3] gives each message as one event without a name, its cursor as the id",
    async run({ url }) {
      await using listener = await listenBySse(url)
      const { cursor } = await publish(url, "two\nlines")
      await listener.message()
      expect(listener.events).toEqual([{ event: "message", data: "two\nlines", id: cursor }])
    },
  },
  {
    name: "[S5] resumes by `Last-Event-ID`, which counts more than `?after=`",
    async run({ url }) {
      const [first, second] = await publishAll(url, ["a", "b", "c"])
      await using listener = await listenBySse(`${url}?after=${first?.cursor}`, {
        lastEventId: second?.cursor as string,
      })
      expect(textOf(await listener.message())).toBe("c")
    },
  },
  {
    name: "[S5] resumes by `?lastEventId=` as by the header, which counts more, on a stream of one channel and of many",
    async run({ base, channel, url }) {
      const [first, second] = await publishAll(url, ["a", "b", "c"])
      await using late = await listenBySse(`${url}?after=${second?.cursor}&lastEventId=${first?.cursor}`)
      expect(textOf(await late.message())).toBe("b")
      await using both = await listenBySse(`${url}?lastEventId=${first?.cursor}`, {
        lastEventId: second?.cursor as string,
      })
      expect(textOf(await both.message())).toBe("c")
      // Its first connection has nothing to say yet, and may say so.
      await using fresh = await listenBySse(`${url}?lastEventId=`)
      expect((await fresh.next()).kind).toBe("position")
      const many = `${base}/_/events?channel=${channel}`
      await using listed = await listenBySse(many)
      const cursor = await listed.position()
      await publish(url, "d")
      await using resumed = await listenBySse(`${many}&lastEventId=${cursor}`)
      expect(textOf(await resumed.message())).toBe("d")
    },
  },
  {
    name: "[S5] takes `lastEventId` as other clients spell it, and never begins anew in silence",
    async run({ url }) {
      const [first] = await publishAll(url, ["a", "b"])
      for (const name of ["lastEventID", "Last-Event-ID"]) {
        await using stream = await listenBySse(`${url}?${name}=${first?.cursor}`)
        expect(textOf(await stream.message())).toBe("b")
        await using earliest = await listenBySse(`${url}?${name}=earliest`)
        expect(await earliest.end()).toMatchObject({ code: "bad_cursor", number: 400 })
      }
    },
  },
  {
    name: "[S5] refuses a broken `lastEventId`, instead of beginning anew in silence",
    async run({ url }) {
      await using listener = await listenBySse(`${url}?lastEventId=%20`)
      expect(await listener.end()).toMatchObject({ code: "bad_cursor", number: 400 })
    },
  },
  {
    name: "[S2] [S7] [S8] never ends a block that has no data, which some readers take for an empty message",
    options: { limits: { streamSecondsMax: 3, heartbeatSeconds: 1 } },
    async run({ base, channel, url }) {
      for (const target of [channel, `/_/events?channel=${channel}`]) {
        await using stream = await RawConnection.open(base)
        stream.request(`GET ${target}`, [`Host: ${new URL(base).host}`, "Accept: text/event-stream"])
        await stream.until(() => (stream.text.includes("event: position") ? true : null))
        await publish(url, "x")
        const answer = await stream.answer()
        const blocks = (answer?.body ?? "").split("\n\n")
        // What stands behind the last empty line is dispatched by nobody.
        const rest = blocks.pop()
        expect(blocks.length).toBe(2)
        for (const block of blocks) expect(block).toMatch(/^data: /m)
        expect(blocks[0]).toMatch(/^retry: 2000\nid: .+\nevent: position\ndata: /)
        expect(answer?.body).toMatch(/^:$/m)
        expect(rest).toMatch(/^(:\n)*retry: 100\n$/)
      }
    },
  },
  {
    name: "[S6] gives a reset as an event whose id is the tail's cursor",
    options: keeping(1),
    async run({ url }) {
      const answers = await publishAll(url, ["a", "b", "c"])
      const tail = answers[2]?.cursor as string
      await using listener = await listenBySse(`${url}?after=${answers[0]?.cursor}`)
      await listener.reset()
      expect(listener.events).toMatchObject([{ event: "reset", id: tail }])
      expect(JSON.parse(listener.events[0]?.data as string)).toMatchObject({
        cursor: tail,
        reason: "trimmed",
      })
    },
  },
  {
    name: "[S8] ends a stream with `retry:` as its last word",
    options: { limits: { streamSecondsMax: 1 } },
    async run({ url }) {
      await using listener = await listenBySse(url)
      await listener.end()
      expect(listener.retries.length).toBeGreaterThan(1)
    },
  },
  {
    name: "takes `text/event-stream` among other accepted types, and a wildcard as a poll",
    async run({ base, channel, url }) {
      await publish(url, "x")
      const abort = new AbortController()
      const accept = "application/json;q=0.1, Text/Event-Stream, */*"
      const stream = await fetch(url, { headers: { accept }, signal: abort.signal })
      expect(stream.headers.get("content-type")).toStartWith("text/event-stream")
      abort.abort()
      const polled = await askRaw(base, { line: `GET ${channel}`, headers: ["Accept: */*"] })
      expect([polled?.status, polled?.body]).toEqual([200, "x"])
    },
  },
]
