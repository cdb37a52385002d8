// A stream at a channel to which the application attaches others: it is a stream of many channels, and its ids resume it.
import { expect, setDefaultTimeout, test } from "bun:test"
import type { OwnServer } from "../support/server.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { textOf } from "../support/heard.ts"
import { publish } from "../support/publish.ts"
import { listenBySse, type SseListener } from "../support/sse-stream.ts"

setDefaultTimeout(30_000)

/** A server that attaches what `attached` says at the time. */
const startAttaching = (attached: { channels: string[] }): Promise<OwnServer> =>
  startServer({ logTo: () => {}, onConnect: () => ({ channels: [...attached.channels] }) })

/** Listens, hears one message on each channel, and answers the last id, as a browser that loses its connection keeps it. */
async function hearOnEach(server: OwnServer, channels: readonly string[]): Promise<string> {
  await using stream = await listenBySse(`${server.base}${channels[0]}`)
  let id = await stream.position()
  for (const channel of channels) {
    await publish(server.base + channel, `heard on ${channel}`)
    const message = await stream.message()
    expect([message.channel, textOf(message)]).toEqual([channel, `heard on ${channel}`])
    id = message.cursor as string
  }
  return id
}

/** The next messages, sorted: across channels no order is promised. */
const texts = async (stream: SseListener, count: number): Promise<string[]> =>
  (await stream.messages(count)).map(textOf).sort()

test("[S10] goes on from its own compound id, in every channel, whatever order the application names them in", async () => {
  const [own, news, alarm] = [freshChannel("own"), freshChannel("news"), freshChannel("alarm")]
  const attached = { channels: [news, alarm] }
  await using server = await startAttaching(attached)
  const id = await hearOnEach(server, [own, news, alarm])
  expect(id).toStartWith("~")
  for (const channel of [own, news, alarm]) await publish(server.base + channel, `missed on ${channel}`)
  attached.channels = [alarm, news, alarm]
  const missed = [own, news, alarm].map((channel) => `missed on ${channel}`).sort()
  {
    await using back = await listenBySse(server.base + own, { lastEventId: id })
    expect(await texts(back, 3)).toEqual(missed)
    await publish(server.base + news, "live")
    expect(textOf(await back.message())).toBe("live")
    expect(back.events.filter(({ event }) => event === "reset")).toEqual([])
  }
  await using byQuery = await listenBySse(`${server.base}${own}?after=${id}`)
  expect(await texts(byQuery, 4)).toEqual([...missed, "live"].sort())
})

test("[S10] resets every channel when others are attached than before", async () => {
  const [own, news, alarm] = [freshChannel("own"), freshChannel("news"), freshChannel("alarm")]
  const attached = { channels: [news] }
  await using server = await startAttaching(attached)
  const id = await hearOnEach(server, [own, news])
  attached.channels = [news, alarm]
  await using back = await listenBySse(server.base + own, { lastEventId: id })
  const resets = [await back.reset(), await back.reset(), await back.reset()]
  expect(resets.map(({ channel, reason }) => [channel, reason])).toEqual(
    [own, ...[news, alarm].sort()].map((channel) => [channel, "other-channels"]),
  )
  await publish(server.base + alarm, "live")
  expect(textOf(await back.message())).toBe("live")
})

test("[S10] is reset, and then a stream of its one channel, when nothing is attached any more", async () => {
  const [own, news] = [freshChannel("own"), freshChannel("news")]
  const attached = { channels: [news] }
  await using server = await startAttaching(attached)
  const id = await hearOnEach(server, [own, news])
  attached.channels = []
  const { cursor } = await publish(server.base + own, "before it is back")
  await using back = await listenBySse(server.base + own, { lastEventId: id })
  expect(await back.position()).toBe(cursor)
  expect(await back.reset()).toMatchObject({ channel: own, cursor, reason: "other-channels" })
  await publish(server.base + own, "live")
  expect(await back.message()).toMatchObject({ channel: null, data: "live" })
})

test("[S10] goes on from the id of its one channel when others are attached for the first time", async () => {
  const [own, news] = [freshChannel("own"), freshChannel("news")]
  const attached = { channels: [] as string[] }
  await using server = await startAttaching(attached)
  let id: string
  {
    await using stream = await listenBySse(server.base + own)
    id = await stream.position()
  }
  for (const channel of [own, news]) await publish(server.base + channel, `missed on ${channel}`)
  attached.channels = [news]
  await using back = await listenBySse(server.base + own, { lastEventId: id })
  expect(textOf(await back.message())).toBe(`missed on ${own}`)
  await publish(server.base + news, "live")
  expect(textOf(await back.message())).toBe("live")
})
