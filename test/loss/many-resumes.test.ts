// One connection that resumes many channels at once has missed far more than its outbox holds.
import { expect, test } from "bun:test"
import type { ServerFrame } from "../../wire/frames.ts"
import { eventually } from "../support/eventually.ts"
import { headOf } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { clientFrame, closeOf, framesIn, openRawWebSocket } from "../support/websocket-frames.ts"

const width = 64
const messages = 5
const filler = "x".repeat(50 * 1024)

test("[C14] is given them in turn as it reads: 16 MB of 64 channels through an outbox of 256 KB", async () => {
  await using server = await startServer({
    limits: { outboxBytesMax: 256 * 1024 },
    channels: { "/**": { history: { count: 10, bytes: "1MB", time: "10m" } } },
  })
  const root = freshChannel()
  const channels = Array.from({ length: width }, (_, index) => `${root}/${index}`)
  const cursors = await Promise.all(
    channels.map(async (channel) => (await headOf(server.base + channel)).cursor),
  )
  for (const channel of channels)
    for (let number = 0; number < messages; number++)
      await server.laba.publish(channel, `${number} ${filler}`)

  await using reader = await openRawWebSocket(server.base, "/_/ws", "laba.v1")
  reader.stall()
  for (const [index, channel] of channels.entries()) {
    const subscribe = JSON.stringify({ op: "subscribe", ref: index, channel, after: cursors[index] })
    reader.send(clientFrame(1, new TextEncoder().encode(subscribe)))
  }
  // Everything is asked for before anything is read. A subscribe that waits for its turn listens to its channel already.
  await eventually(async () => {
    expect((await headOf(server.base + (channels.at(-1) as string))).listeners).toBe(1)
  })
  reader.resume()
  await eventually(() => {
    const frames = framesIn(reader.bytes)
    const close = frames.find(({ opcode }) => opcode === 8)
    if (close) throw new Error(`closed: ${JSON.stringify(closeOf(close))}`)
    const heard = frames.filter(({ opcode }) => opcode === 1)
    expect(heard.length).toBe(1 + width * (1 + messages))
  })
  const heard = framesIn(reader.bytes)
    .filter(({ opcode }) => opcode === 1)
    .map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)) as ServerFrame)
  for (const channel of channels) {
    const numbers = heard.flatMap((frame) =>
      frame.op === "message" && frame.channel === channel ? [Number.parseInt(String(frame.data))] : [],
    )
    expect(numbers).toEqual([0, 1, 2, 3, 4])
  }
  const { slowClosed, slowCut } = server.laba.counters
  expect([slowClosed, slowCut]).toEqual([0, 0])
}, 60_000)
