// A cursor that cannot be resumed from: the listener is told in band, replayed nothing, and hears what is next.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf, numbers, publish, publishAll } from "../../support/publish.ts"
import { everyTransport, rawWebSocket, resumingTransports, type Transport } from "../../support/transports.ts"
import { type ConformanceCase, keeping, keepingNothing, type Scene } from "../case.ts"
import { startCursor } from "./resume.ts"

const tellingCursor = everyTransport.filter((one) => one.tellsCursor)

/** Opens at `cursor`, expects a reset and nothing replayed, then that the cursor it was given instead is good. */
async function expectReset(
  { base, channel, url, transport }: Scene,
  cursor: string,
  reasons: readonly string[],
) {
  await using listener = await transport.open(base, channel, cursor)
  const reset = await listener.reset()
  if (!transport.tellsCursor) {
    expect((await listener.end()).number).toBe(4201)
    return
  }
  expect(reasons).toContain(reset.reason as string)
  await publish(url, "after the reset")
  expect(textOf(await listener.message())).toBe("after the reset")
  await using again = await transport.open(base, channel, reset.cursor as string)
  expect(textOf(await again.message())).toBe("after the reset")
}

export const reset: readonly ConformanceCase[] = [
  {
    name: "[C5] [C6] [Q5] [S6] [L5] [W2] answers reset to a cursor that the history no longer reaches, and replays nothing",
    over: resumingTransports,
    options: keeping(5),
    async run(scene) {
      const cursor = await startCursor(scene.transport, scene.base, scene.channel)
      await publishAll(scene.url, numbers(6))
      await expectReset(scene, cursor, ["trimmed"])
    },
  },
  {
    name: "[C5] resumes from the oldest cursor that the history still reaches, and resets one before it",
    over: [everyTransport[0] as Transport, ...everyTransport.filter((one) => one.tellsOwnCursor)],
    options: keeping(5),
    async run({ base, channel, url, transport }) {
      const answers = await publishAll(url, numbers(8))
      await using reached = await transport.open(base, channel, answers[2]?.cursor)
      expect((await reached.messages(5)).map(textOf)).toEqual(["4", "5", "6", "7", "8"])
      await using missed = await transport.open(base, channel, answers[1]?.cursor)
      await missed.reset()
    },
  },
  {
    name: "[C4] [C6] answers reset to a cursor from before the channel was deleted",
    over: resumingTransports,
    async run(scene) {
      const cursor = await startCursor(scene.transport, scene.base, scene.channel)
      await publishAll(scene.url, ["a", "b"])
      expect((await fetch(scene.url, { method: "DELETE" })).status).toBe(200)
      await expectReset(scene, cursor, ["epoch"])
    },
  },
  {
    name: "[C4] answers reset, not an error, to a cursor of an unknown epoch",
    over: [rawWebSocket, ...everyTransport.filter((one) => one.tellsOwnCursor)],
    async run(scene) {
      const { cursor } = await publish(scene.url, "old")
      await expectReset(scene, cursor.replace(/^[^-]*/, "0unknown0epoch0"), ["epoch"])
    },
  },
  {
    name: "[C11] answers reset, not an error, to a cursor of another channel, and never takes it for its own",
    over: [rawWebSocket, ...everyTransport.filter((one) => one.tellsOwnCursor)],
    async run(scene) {
      // Two channels alike: what one cursor stands for is there in the other, too.
      const elsewhere = await publishAll(`${scene.url}/other`, ["a", "b"])
      await publishAll(scene.url, ["c", "d"])
      await expectReset(scene, elsewhere[0]?.cursor as string, ["other-channels"])
    },
  },
  {
    name: "[C11] answers reset to a cursor that names no channel",
    over: [rawWebSocket, ...everyTransport.filter((one) => one.tellsOwnCursor)],
    async run(scene) {
      const { cursor } = await publish(scene.url, "a")
      await publish(scene.url, "b")
      await expectReset(scene, cursor.replace(/\..*$/, ""), ["other-channels"])
    },
  },
  {
    name: "[C5] answers reset to an offset that was not reached yet",
    over: [rawWebSocket, ...everyTransport.filter((one) => one.tellsOwnCursor)],
    async run(scene) {
      await publish(scene.url, "old")
      const { cursor } = await headOf(scene.url)
      await expectReset(scene, cursor.replace(/-[^.]*/, "-zzzz"), ["epoch", "trimmed"])
    },
  },
  {
    name: "[C11] answers reset `other-channels`, not an error, to a list's cursor where one channel is listened to",
    over: [rawWebSocket, ...everyTransport.filter((one) => one.tellsOwnCursor)],
    async run(scene) {
      const { base, channel } = scene
      const { cursor } = await pollOnce(`${base}/_/poll?channel=${channel}&channel=${channel}/other`)
      await expectReset(scene, cursor, ["other-channels"])
    },
  },
  {
    name: "[C11] answers reset `other-channels`, not an error, to one channel's cursor where a list is listened to",
    over: everyTransport.filter((one) => one.tellsCursor && !one.tellsOwnCursor),
    async run(scene) {
      const { cursor } = await publish(scene.url, "old")
      await expectReset(scene, cursor, ["other-channels"])
    },
  },
  {
    name: "[M3] answers reset `other-channels` to a compound cursor of another list",
    over: everyTransport.filter((one) => one.tellsCursor && !one.tellsOwnCursor),
    async run(scene) {
      const elsewhere = await startCursor(scene.transport, scene.base, `${scene.channel}/other`)
      await expectReset(scene, elsewhere, ["other-channels"])
    },
  },
  {
    name: "[C4] refuses a malformed cursor with `bad_cursor`",
    over: tellingCursor,
    async run({ base, channel, transport }) {
      for (const cursor of [
        "nonsense",
        "-",
        "a-",
        "-1",
        "a-01",
        "a-1-1",
        "a-A",
        "%20a-1",
        "a-zzzzzzzzzzzz",
        "~~",
        "a-1.",
        "a-1.01",
        "a-1.b.c",
      ]) {
        await using listener = await transport.open(base, channel, cursor)
        expect([cursor, await listener.end()]).toMatchObject([cursor, { code: "bad_cursor" }])
      }
    },
  },
  {
    name: "[C12] refuses with `bad_cursor` what begins as cursors do that are not spoken yet",
    over: tellingCursor,
    async run({ base, channel, url, transport }) {
      const { cursor } = await headOf(url)
      for (const kind of [
        ".first",
        ".",
        "_1x9f_a-1",
        "_",
        "-",
        `.${cursor}`,
        `_${cursor}`,
        `~1x9f~_a-1`,
        `~1x9f~a-1.B`,
      ]) {
        await using listener = await transport.open(base, channel, kind)
        expect([kind, await listener.end()]).toMatchObject([kind, { code: "bad_cursor" }])
      }
    },
  },
  {
    name: "[C4] refuses to upgrade a raw WebSocket with a malformed cursor",
    async run({ url }) {
      const headers = { upgrade: "websocket", connection: "upgrade", "sec-websocket-version": "13" }
      const key = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" }
      const response = await fetch(`${url}?after=nonsense`, { headers: { ...headers, ...key } })
      expect([response.status, await response.json()]).toMatchObject([400, { code: "bad_cursor" }])
    },
  },
  {
    name: "[C9] answers every resume on a channel without history with reset `no-history`",
    over: resumingTransports.filter((one) => one.name !== "long-poll" && one.name !== "many-channel poll"),
    options: keepingNothing,
    async run({ base, channel, url, transport }) {
      const cursor = await startCursor(transport, base, channel)
      await publish(url, "lost")
      await using listener = await transport.open(base, channel, cursor)
      const { reason } = await listener.reset()
      if (transport.tellsCursor) expect(reason).toBe("no-history")
    },
  },
  {
    name: "[C9] holds a poll on a channel without history and says `no-history` in its answer, never silence",
    options: keepingNothing,
    async run({ url }) {
      const { cursor } = await headOf(url)
      const held = pollOnce(`${url}?after=${cursor}&wait=1`)
      expect(await held).toMatchObject({ reset: "no-history" })
    },
  },
]
