// A burst can be faster than the judge of slow readers: then the runtime's net closes the socket with 1006 and no word.
// That is counted and written down as slowness; a client that is gone without a word is not.
import { expect, test } from "bun:test"
import { publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { eventually } from "../support/eventually.ts"
import { stallable } from "../support/stalled-listener.ts"

const [webSocket] = stallable
const filler = "x".repeat(60 * 1024)

test("a reader that the runtime's net cuts off is counted and told as slow", async () => {
  const lines: string[] = []
  await using server = await startServer({
    limits: { outboxBytesMax: 256 * 1024 },
    log: { level: "info", format: "json" },
    logTo: (line) => void lines.push(line),
  })
  const { counters } = server.laba
  const channel = freshChannel()
  const stalled = await webSocket.stall(server.base, channel)
  await using _connection = stalled.connection
  await eventually(async () => expect((await publish(server.base + channel, "warm")).listeners).toBe(1))
  // Far more than the kernel takes, in one turn: nobody looks in between.
  await Promise.all(Array.from({ length: 300 }, () => server.laba.publish(channel, filler)))
  await eventually(() => expect(counters.slowCut + counters.slowClosed).toBe(1))
  expect([counters.slowCut, counters.slowClosed]).toEqual([1, 0])
  const told = lines.filter((line) => line.includes('"slow_reader_closed"'))
  expect(told.map((line) => line.includes(channel))).toEqual([true])
})

test("a client that is gone without a word is not", async () => {
  await using server = await startServer()
  const channel = freshChannel()
  const stalled = await webSocket.stall(server.base, channel)
  await eventually(async () => expect((await publish(server.base + channel, "warm")).listeners).toBe(1))
  await stalled.connection[Symbol.asyncDispose]()
  await eventually(async () => expect((await publish(server.base + channel, "warm")).listeners).toBe(0))
  expect([server.laba.counters.slowCut, server.laba.counters.slowClosed]).toEqual([0, 0])
})
