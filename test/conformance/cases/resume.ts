// Resuming: from every point, at any moment, nothing missed and nothing doubled.
import { expect } from "bun:test"
import { textOf } from "../../support/heard.ts"
import { headOf, numbers, publish, publishAll } from "../../support/publish.ts"
import { everyTransport, resumingTransports, type Transport } from "../../support/transports.ts"
import { type ConformanceCase, keeping } from "../case.ts"
import { openReady } from "./order.ts"

export const resume: readonly ConformanceCase[] = [
  {
    name: "[C5] [Q2] gives all that came after a cursor, at every point of the history, and then what is live",
    over: resumingTransports,
    async run({ base, channel, url, transport }) {
      const texts = numbers(15)
      const cursors = await cursorsAround(transport, base, channel, texts)
      const listeners = await Promise.all(cursors.map((cursor) => transport.open(base, channel, cursor)))
      const heard = Promise.all(
        listeners.map((listener, index) => listener.messages(texts.length - index + 1)),
      )
      await publish(url, "live")
      expect((await heard).map((messages) => messages.map(textOf))).toEqual(
        cursors.map((_, index) => [...texts.slice(index), "live"]),
      )
      await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()))
    },
  },
  {
    name: "[C5] misses and doubles nothing when resuming while others publish",
    over: resumingTransports,
    options: keeping(2000),
    async run({ base, channel, url, transport }) {
      const texts = numbers(400)
      const cursor = await startCursor(transport, base, channel)
      let published = 0
      const publishing = (async () => {
        for (const text of texts) {
          await publish(url, text)
          published++
        }
      })()
      const joining: Promise<void>[] = []
      for (let joined = 0; joined < 20; joined++) {
        while (published < joined * 20) await Bun.sleep(0)
        joining.push(
          (async () => {
            await using listener = await transport.open(base, channel, cursor)
            expect((await listener.messages(texts.length)).map(textOf)).toEqual(texts)
          })(),
        )
      }
      await Promise.all([publishing, ...joining])
    },
  },
  {
    name: "[C5] [Q3] replays a history of many pages whole and in order, messages that come meanwhile behind it",
    over: resumingTransports,
    // The page and the outbox are much smaller than what is missed, so a replay needs many turns.
    options: {
      ...keeping(5000),
      limits: { outboxBytesMax: 64 * 1024, pageMessagesMax: 50, pageBytesMax: 16 * 1024 },
    },
    async run({ base, channel, url, transport }) {
      const cursor = await startCursor(transport, base, channel)
      const filler = "x".repeat(1000)
      const texts = numbers(600).map((n) => `${n} ${filler}`)
      await publishAll(url, texts.slice(0, 500))
      await using listener = await transport.open(base, channel, cursor)
      const heard = listener.messages(texts.length)
      await publishAll(url, texts.slice(500))
      expect((await heard).map(textOf)).toEqual(texts)
    },
  },
  {
    name: "[C5] resumes on the cursor of each message it sent",
    over: everyTransport.filter((one) => one.tellsCursor && one.isHeld),
    async run({ base, channel, url, transport }) {
      let cursor: string | null
      {
        await using first = await openReady(transport, base, channel)
        await publishAll(url, ["a", "b", "c"])
        await first.message()
        cursor = (await first.message()).cursor
      }
      await using second = await transport.open(base, channel, cursor as string)
      expect(textOf(await second.message())).toBe("c")
    },
  },
  {
    name: "[C5] [L4] resumes at the tail with nothing to replay, and hears what is next",
    over: resumingTransports,
    async run({ base, channel, url, transport }) {
      await publishAll(url, ["a", "b"])
      const cursor = await startCursor(transport, base, channel)
      await using listener = await transport.open(base, channel, cursor)
      await publish(url, "next")
      expect(textOf(await listener.message())).toBe("next")
    },
  },
]

/** A cursor from which this transport resumes what comes now: compound where it listens to many channels. */
export async function startCursor(transport: Transport, base: string, channel: string): Promise<string> {
  if (!transport.tellsCursor || transport.tellsOwnCursor) return (await headOf(base + channel)).cursor
  await using listener = await transport.open(base, channel)
  return await listener.position()
}

/** Publishes `texts`; answers the cursor before the first and after each, in this transport's own print. */
async function cursorsAround(
  transport: Transport,
  base: string,
  channel: string,
  texts: readonly string[],
): Promise<string[]> {
  const url = base + channel
  if (!transport.tellsCursor) {
    const first = (await headOf(url)).cursor
    return [first, ...(await publishAll(url, texts)).map((answer) => answer.cursor)]
  }
  await using listener = await transport.open(base, channel)
  const cursors = [await listener.position()]
  for (const text of texts) {
    await publish(url, text)
    cursors.push((await listener.message()).cursor as string)
  }
  return cursors
}
