// The subprotocol laba.v1, frame by frame.
import { expect } from "bun:test"
import type { ServerFrame } from "../../../wire/frames.ts"
import { connectByLaba, type LabaListener } from "../../support/laba-socket.ts"
import { headOf, numbers, publish, publishAll } from "../../support/publish.ts"
import { type ConformanceCase, keeping } from "../case.ts"

/** Every frame until the answer to a ping sent now: what the server had to say to what was sent before. */
async function framesUntilPong(listener: LabaListener): Promise<ServerFrame[]> {
  listener.send({ op: "ping", ref: "the end" })
  const frames: ServerFrame[] = []
  for (;;) {
    const frame = await listener.frames.next()
    if (frame.op === "pong" && frame.ref === "the end") return frames
    frames.push(frame)
  }
}

export const labaFrames: readonly ConformanceCase[] = [
  {
    name: "[L1] answers with the subprotocol and says hello first, with the connection, the heartbeat and the limits",
    async run({ base }) {
      await using one = await connectByLaba(`${base}/_/ws`)
      await using other = await connectByLaba(`${base}/_/ws`)
      expect(one.socket.protocol).toBe("laba.v1")
      const hello = await one.frames.next()
      const limits = { messageBytes: expect.any(Number), channels: expect.any(Number) }
      expect(hello).toEqual({
        op: "hello",
        connection: expect.any(String),
        heartbeat: expect.any(Number),
        limits,
      })
      expect((await other.frame("hello")).connection).not.toBe((hello as { connection: string }).connection)
    },
  },
  {
    name: "[L1] picks laba.v1 out of what else is offered",
    async run({ base }) {
      const socket = new WebSocket(base.replace(/^http/, "ws") + "/_/ws", ["mqtt", "laba.v1"])
      await new Promise((resolve, reject) => ((socket.onopen = resolve), (socket.onclose = reject)))
      expect(socket.protocol).toBe("laba.v1")
      socket.close()
    },
  },
  {
    name: "[L2] subscribes the channel in the URL by itself, right after hello and without a ref",
    async run({ url, channel }) {
      const { cursor } = await publish(url, "old")
      await using listener = await connectByLaba(url)
      expect(await listener.frames.next()).toMatchObject({ op: "hello" })
      expect(await listener.frames.next()).toEqual({
        op: "subscribed",
        channel,
        cursor,
        recovered: false,
        history: "kept",
      })
    },
  },
  {
    name: "[L2] [L3] [L4] subscribes the channel in the URL from `?after=`",
    async run({ url, channel }) {
      const answers = await publishAll(url, ["a", "b"])
      const after = answers[0]?.cursor as string
      await using listener = await connectByLaba(`${url}?after=${after}`)
      expect(await listener.frame("subscribed")).toEqual({
        op: "subscribed",
        channel,
        cursor: after,
        recovered: true,
        history: "kept",
      })
      expect(await listener.frame("message")).toMatchObject({
        channel,
        data: "b",
        cursor: answers[1]?.cursor as string,
      })
    },
  },
  {
    name: "[L4] [L10] says recovered when nothing was missed, and returns the ref as it came",
    async run({ base, url, channel }) {
      const { cursor } = await publish(url, "a")
      await using listener = await connectByLaba(`${base}/_/ws`)
      for (const ref of [7, "seven", 0, ""]) {
        listener.send({ op: "subscribe", ref, channel, after: cursor })
        const history = "kept"
        expect(await listener.frame("subscribed")).toEqual({
          op: "subscribed",
          ref,
          channel,
          cursor,
          recovered: true,
          history,
        })
      }
      expect(await framesUntilPong(listener)).toEqual([])
    },
  },
  {
    name: "[L5] says in the very next frame why it could not recover",
    options: keeping(2),
    async run({ base, url, channel }) {
      const [first, , , last] = await publishAll(url, numbers(4))
      await using listener = await connectByLaba(`${base}/_/ws`)
      await listener.frame("hello")
      listener.send({ op: "subscribe", ref: 1, channel, after: first?.cursor as string })
      const cursor = last?.cursor as string
      expect(await listener.frames.next()).toMatchObject({
        op: "subscribed",
        ref: 1,
        cursor,
        recovered: false,
      })
      expect(await listener.frames.next()).toEqual({ op: "reset", channel, cursor, reason: "trimmed" })
      expect(await framesUntilPong(listener)).toEqual([])
    },
  },
  {
    name: "[L7] moves a listener that subscribes again to its new cursor",
    async run({ base, url, channel }) {
      const answers = await publishAll(url, numbers(3))
      await using listener = await connectByLaba(`${base}/_/ws`)
      listener.send({ op: "subscribe", ref: 1, channel })
      await listener.frame("subscribed")
      listener.send({ op: "subscribe", ref: 2, channel, after: answers[0]?.cursor as string })
      expect(await listener.frame("subscribed")).toMatchObject({ ref: 2, recovered: true })
      await publish(url, "live")
      for (const data of ["2", "3", "live"]) expect(await listener.frame("message")).toMatchObject({ data })
      expect(await framesUntilPong(listener)).toEqual([])
    },
  },
  {
    name: "[L8] sends nothing after unsubscribed, and answers an unsubscribe of what was not subscribed",
    async run({ base, url, channel }) {
      await using listener = await connectByLaba(`${base}/_/ws`)
      listener.send({ op: "subscribe", ref: 1, channel })
      listener.send({ op: "unsubscribe", ref: 2, channel })
      listener.send({ op: "unsubscribe", ref: 3, channel })
      expect(await listener.frame("unsubscribed")).toEqual({ op: "unsubscribed", ref: 2, channel })
      expect(await listener.frame("unsubscribed")).toEqual({ op: "unsubscribed", ref: 3, channel })
      expect((await publish(url, "x")).listeners).toBe(0)
      expect(await framesUntilPong(listener)).toEqual([])
    },
  },
  {
    name: "[L9] [L17] publishes JSON, text and bytes, and hears itself",
    async run({ base, url, channel }) {
      await using listener = await connectByLaba(`${base}/_/ws`)
      listener.send({ op: "subscribe", channel })
      await listener.frame("subscribed")
      listener.send({ op: "publish", ref: 1, channel, data: { a: [1] } })
      listener.send({ op: "publish", ref: 2, channel, data: "text", type: "text/plain" })
      listener.send({
        op: "publish",
        ref: 3,
        channel,
        data: "AP8=",
        base64: true,
        type: "application/octet-stream",
      })
      const published = [
        await listener.frame("published"),
        await listener.frame("published"),
        await listener.frame("published"),
      ]
      expect(published).toMatchObject(
        [1, 2, 3].map((ref) => ({ ref, channel, duplicate: false, history: "kept", listeners: 1 })),
      )
      const messages = listener.frames.seen.filter((frame) => frame.op === "message")
      while (messages.length < 3) messages.push(await listener.frame("message"))
      expect(messages).toMatchObject([
        { data: { a: [1] }, type: "application/json", cursor: published[0]?.cursor as string },
        { data: "text", type: "text/plain" },
        { data: "AP8=", base64: true, type: "application/octet-stream" },
      ])
      expect((await headOf(url)).cursor).toBe(published[2]?.cursor as string)
    },
  },
  {
    name: "[L9] [P4] keeps one table of keys for frames and requests",
    async run({ base, url, channel }) {
      const first = await publish(url, "x", { key: "k" })
      await using listener = await connectByLaba(`${base}/_/ws`)
      const type = "text/plain"
      listener.send({ op: "publish", ref: 1, channel, data: "x", type, key: "k" })
      expect(await listener.frame("published")).toMatchObject({
        cursor: first.cursor,
        id: first.id,
        duplicate: true,
      })
      listener.send({ op: "publish", ref: 2, channel, data: "y", type, key: "k" })
      expect(await listener.frame("error")).toMatchObject({ ref: 2, code: "idempotency_conflict" })
    },
  },
  {
    name: "[L11] does what was asked in the order in which it was asked",
    async run({ base, channel }) {
      await using listener = await connectByLaba(`${base}/_/ws`)
      await listener.frame("hello")
      for (const round of numbers(20)) {
        listener.send({ op: "subscribe", ref: "s", channel })
        listener.send({ op: "publish", ref: "p", channel, data: round })
        listener.send({ op: "unsubscribe", ref: "u", channel })
        listener.send({ op: "publish", ref: "q", channel, data: "not heard" })
      }
      const frames = await framesUntilPong(listener)
      const answers = frames
        .filter((frame) => frame.op !== "message")
        .map((frame) => ("ref" in frame ? frame.ref : frame.op))
      expect(answers).toEqual(numbers(20).flatMap(() => ["s", "p", "u", "q"]))
      // Whether a message still comes before `unsubscribed` is a matter of turns; one from after it never may.
      const heard = frames.filter((frame) => frame.op === "message").map((frame) => frame.data)
      expect(heard.filter((data) => data === "not heard")).toEqual([])
    },
  },
  {
    name: "[L13] answers a wrong frame that has a ref with `bad_frame` or a closer word, and goes on",
    async run({ base, channel }) {
      await using listener = await connectByLaba(`${base}/_/ws`)
      const wrong: readonly (readonly [object, string])[] = [
        [{ op: "dance" }, "bad_frame"],
        [{}, "bad_frame"],
        [{ op: "subscribe" }, "bad_frame"],
        [{ op: "subscribe", channel: 7 }, "bad_frame"],
        [{ op: "subscribe", channel: "no slash" }, "bad_channel"],
        [{ op: "subscribe", channel: "/a/../b" }, "bad_channel"],
        [{ op: "subscribe", channel: "/_/ws" }, "bad_channel"],
        [{ op: "subscribe", channel, after: "!" }, "bad_cursor"],
        [{ op: "publish", channel, data: 7, type: "text/plain" }, "bad_frame"],
        [{ op: "publish", channel, data: "%%", base64: true }, "bad_frame"],
        [{ op: "publish", channel }, "bad_frame"],
      ]
      for (const [frame, code] of wrong) {
        listener.socket.send(JSON.stringify({ ...frame, ref: 1 }))
        expect([frame, await listener.frame("error")]).toMatchObject([frame, { ref: 1, code }])
      }
      expect(await framesUntilPong(listener)).toEqual([])
    },
  },
  ...[
    "no json",
    "[]",
    "null",
    '{"op":"dance"}',
    '{"op":"subscribe","ref":{}}',
    `{"op":"ping","ref":"${"r".repeat(65)}"}`,
  ].map((text): ConformanceCase => ({
    name: `[L14] [L16] ends the connection with \`bad_frame\` after ${text.slice(0, 40)}`,
    async run({ base }) {
      await using listener = await connectByLaba(`${base}/_/ws`)
      listener.socket.send(text)
      const frame = await listener.frame("error")
      expect(frame).toMatchObject({ code: "bad_frame", retry: "stay-away" })
      expect("ref" in frame || "channel" in frame).toBeFalse()
      await listener.end()
      expect(await listener.end()).toMatchObject({ number: 4003, code: "bad_frame" })
    },
  })),
]
