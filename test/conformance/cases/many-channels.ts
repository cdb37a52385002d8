// Many channels in one request, with one compound cursor.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { type PollAnswer, pollOnce } from "../../support/poller.ts"
import { numbers, publish, publishAll } from "../../support/publish.ts"
import { listenBySse } from "../../support/sse-stream.ts"
import { type ConformanceCase, keeping } from "../case.ts"

const listOf = (channels: readonly string[]): string =>
  channels.map((one) => `channel=${encodeURIComponent(one)}`).join("&")

export const manyChannels: readonly ConformanceCase[] = [
  {
    name: "[M1] gives each message as JSON with its channel and its own cursor",
    async run({ base, channel }) {
      const [a, b] = [`${channel}/a`, `${channel}/b`]
      await using listener = await listenBySse(`${base}/_/events?${listOf([a, b])}`)
      await listener.position()
      const first = await publish(base + a, "text")
      const second = await publish(base + b, "[1]", { type: "application/json" })
      const third = await publish(base + a, Uint8Array.of(255), { type: "application/octet-stream" })
      await listener.messages(3)
      const events = listener.events.map((event) => JSON.parse(event.data) as unknown)
      const type = expect.stringContaining("text/plain")
      expect(events).toEqual([
        { channel: a, cursor: first.cursor, id: first.id, time: expect.any(Number), type, data: "text" },
        {
          channel: b,
          cursor: second.cursor,
          id: second.id,
          time: expect.any(Number),
          type: "application/json",
          data: [1],
        },
        {
          channel: a,
          cursor: third.cursor,
          id: third.id,
          time: expect.any(Number),
          type: "application/octet-stream",
          data: "/w==",
          base64: true,
        },
      ])
    },
  },
  {
    name: "[M2] resumes all channels from the compound cursor of any message",
    async run({ base, channel }) {
      const channels = ["a", "b", "c"].map((one) => `${channel}/${one}`)
      const url = `${base}/_/events?${listOf(channels)}`
      const cursors: string[] = []
      const texts = numbers(9)
      {
        await using listener = await listenBySse(url)
        cursors.push(await listener.position())
        for (const [index, text] of texts.entries()) {
          await publish(base + channels[index % 3], text)
          cursors.push((await listener.message()).cursor as string)
        }
      }
      for (const [seen, cursor] of cursors.entries()) {
        await using listener = await listenBySse(url, { lastEventId: cursor })
        const missed = (await listener.messages(texts.length - seen)).map(textOf)
        // Across channels no order is promised, within one it is.
        for (const remainder of [0, 1, 2]) {
          const ofOne = (list: readonly string[]) =>
            list.filter((text) => (Number(text) - 1) % 3 === remainder)
          expect(ofOne(missed)).toEqual(ofOne(texts.slice(seen)))
        }
        expect(await pollAll(`${base}/_/poll?${listOf(channels)}`, cursor)).toHaveLength(texts.length - seen)
      }
    },
  },
  {
    name: "[M6, C9] says of each channel where it stands, whether it was recovered, and whether it keeps history",
    options: { channels: { "/**": { history: { count: 2 } }, "/*/*/lossy": { history: "none" } } },
    async run({ base, channel }) {
      const [kept, trimmed, lossy] = [`${channel}/kept`, `${channel}/trimmed`, `${channel}/lossy`]
      const list = [kept, trimmed, lossy]
      const url = `${base}/_/events?${listOf(list)}`
      const tailOf = async (one: string) =>
        (await fetch(base + one, { method: "HEAD" })).headers.get("laba-cursor")
      const positionOf = async (after?: string) => {
        await using listener = await listenBySse(after === undefined ? url : `${url}&after=${after}`)
        const cursor = await listener.position()
        const [event] = listener.positions
        const said = JSON.parse(event?.data ?? "") as { cursor: string; channels: { cursor: string }[] }
        expect(said.cursor).toBe(cursor)
        return said
      }
      const first = await positionOf()
      const fresh = [
        { channel: kept, recovered: false, history: "kept" },
        { channel: trimmed, recovered: false, history: "kept" },
        { channel: lossy, recovered: false, history: "none" },
      ]
      expect(first.channels).toMatchObject(fresh)
      for (const [index, one] of list.entries())
        expect(first.channels[index]?.cursor).toBe((await tailOf(one)) as string)
      await publishAll(base + kept, numbers(2))
      await publishAll(base + trimmed, numbers(3))
      const again = await positionOf(first.cursor)
      expect(again.channels).toEqual([
        { channel: kept, cursor: first.channels[0]?.cursor as string, recovered: true, history: "kept" },
        { channel: trimmed, cursor: (await tailOf(trimmed)) as string, recovered: false, history: "kept" },
        { channel: lossy, cursor: (await tailOf(lossy)) as string, recovered: false, history: "none" },
      ] as object[] as typeof again.channels)
    },
  },
  {
    name: "[M3] resets every channel when the cursor belongs to another list or another order",
    async run({ base, channel }) {
      const [a, b] = [`${channel}/a`, `${channel}/b`]
      const { cursor } = await pollOnce(`${base}/_/poll?${listOf([a, b])}`)
      const answer = await pollOnce(`${base}/_/poll?${listOf([b, a])}&after=${cursor}`)
      expect(answer.resets?.map((one) => [one.channel, one.reason])).toEqual([
        [b, "other-channels"],
        [a, "other-channels"],
      ])
      await using listener = await listenBySse(`${base}/_/events?${listOf([b, a])}&after=${cursor}`)
      expect([(await listener.reset()).channel, (await listener.reset()).channel]).toEqual([b, a])
    },
  },
  {
    name: "[M4] resets the one channel that was trimmed and goes on with the others",
    options: keeping(2),
    async run({ base, channel }) {
      const [a, b] = [`${channel}/a`, `${channel}/b`]
      const { cursor } = await pollOnce(`${base}/_/poll?${listOf([a, b])}`)
      await publishAll(base + a, numbers(3))
      await publishAll(base + b, ["kept"])
      const answer = await pollOnce(`${base}/_/poll?${listOf([a, b])}&after=${cursor}`)
      expect(answer.resets).toMatchObject([{ channel: a, reason: "trimmed" }])
      expect(answer.messages).toMatchObject([{ channel: b, data: "kept" }])
      await using listener = await listenBySse(`${base}/_/events?${listOf([a, b])}&after=${cursor}`)
      const heard = [await listener.next(), await listener.next(), await listener.next()].filter(
        (one) => one.kind !== "position",
      )
      const all = heard.length === 2 ? heard : [...heard, await listener.next()]
      expect(all.find((one) => one.kind === "reset")).toMatchObject({ channel: a, reason: "trimmed" })
      expect(all.find((one) => one.kind === "message")).toMatchObject({ channel: b, data: "kept" })
      await publish(base + a, "4")
      expect(textOf(await listener.message())).toBe("4")
    },
  },
  {
    name: "[M2] holds a poll of many channels until any of them has something, and its cursor goes on from there",
    async run({ base, channel }) {
      const channels = ["a", "b"].map((one) => `${channel}/${one}`)
      const url = `${base}/_/poll?${listOf(channels)}`
      const { cursor } = await pollOnce(url)
      const held = pollOnce(`${url}&after=${cursor}&wait=25`)
      await publish(base + channels[1], "x")
      const answer = await held
      expect(answer.messages).toMatchObject([{ channel: channels[1] as string, data: "x" }])
      await publish(base + channels[0], "y")
      expect((await pollOnce(`${url}&after=${answer.cursor}`)).messages).toMatchObject([{ data: "y" }])
    },
  },
  {
    name: "[C1] takes a channel that is named twice, in two spellings, once",
    async run({ base, channel }) {
      const { cursor } = await pollOnce(
        `${base}/_/poll?channel=${channel}&channel=${channel.replace("t", "%2574")}`,
      )
      await publish(base + channel, "x")
      const { messages } = await pollOnce(`${base}/_/poll?channel=${channel}&after=${cursor}`)
      expect(messages).toHaveLength(1)
    },
  },
]

async function pollAll(url: string, cursor: string): Promise<unknown[]> {
  const all: unknown[] = []
  let answer: PollAnswer
  do {
    answer = await pollOnce(`${url}&after=${cursor}`)
    all.push(...answer.messages)
    cursor = answer.cursor
  } while (answer.more)
  return all
}
