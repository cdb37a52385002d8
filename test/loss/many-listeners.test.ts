// More listeners than one bucket of an audience holds, coming and going while messages are published: nobody misses or
// repeats one.
import { expect, test } from "bun:test"
import { textOf } from "../support/heard.ts"
import { headOf, numbers, publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { laba, rawWebSocket, sse, type Transport } from "../support/transports.ts"

// Buckets hold about 250 each.
const listeners = 700
const texts = numbers(300)
const transports: readonly Transport[] = [rawWebSocket, laba, sse]

test("[C5] [C7] gives each of 700 listeners everything once and in order, although they join, leave and resume meanwhile", async () => {
  await using server = await startServer({
    channels: { "/**": { history: { count: 1000, bytes: "1MB", time: "10m" } } },
  })
  const channel = freshChannel()
  const url = server.base + channel
  const { cursor } = await headOf(url)
  let published = 0
  const publishing = (async () => {
    for (const text of texts) {
      await publish(url, text)
      published++
    }
  })()

  /** Comes when a share of the messages is published, leaves after a few where it holds a cursor, and comes back. */
  const listen = async (index: number): Promise<string[]> => {
    while (published < (index / listeners) * texts.length * 0.9) await Bun.sleep(1)
    const transport = transports[index % transports.length] as Transport
    const first = transport.tellsCursor ? (index * 7) % texts.length : texts.length
    const heard: string[] = []
    let after = cursor
    {
      await using listener = await transport.open(server.base, channel, cursor)
      for (const message of await listener.messages(first)) {
        heard.push(textOf(message))
        after = message.cursor ?? after
      }
    }
    if (heard.length === texts.length) return heard
    await using again = await transport.open(server.base, channel, after)
    for (const message of await again.messages(texts.length - heard.length)) heard.push(textOf(message))
    return heard
  }

  const all = await Promise.all(Array.from({ length: listeners }, (_, index) => listen(index)))
  await publishing
  expect(all.filter((heard) => heard.join() !== texts.join())).toEqual([])
}, 60_000)
