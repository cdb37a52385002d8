// A stream of many channels can write nothing until each of them has its position. What comes meanwhile waits, within the
// bound of any reader; what is replayed is not even asked for.
import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { channelOf } from "../../hub/testing/test-hub.ts"
import { PreparedMessage } from "../../hub/prepared-message.ts"
import { anonymousClient } from "../connections/client.ts"
import { SlowReaders } from "../slow-readers.ts"
import { stubContext } from "../stub-context.ts"
import type { Listener } from "../transport.ts"
import { ManyStream } from "./many-stream.ts"

const outboxBytesMax = 1000
const messageBytes = 100

function start() {
  const listeners: Listener[] = []
  const written: string[] = []
  const slowReaders = new SlowReaders({ outboxBytesMax })
  const hub = {
    join: (listener: Listener) => listeners.push(listener),
    leave() {},
    startSkipping: () => null,
  }
  const context = stubContext({ hub, limits: { outboxBytesMax }, slowReaders })
  const channels = ["/a", "/b"].map(channelOf)
  const stream = new ManyStream({
    context,
    request: new Request("http://x/"),
    number: 1,
    user: undefined,
    client: anonymousClient,
    channels,
    from: null,
    reply: undefined,
  })
  stream.pull({
    write(chunk) {
      written.push(new TextDecoder().decode(chunk))
      return chunk.length
    },
    close() {},
  })
  const [first, second] = listeners as [Listener, Listener]
  const begin = (listener: Listener) =>
    listener.start({ position: { epoch: "e", offset: 0 }, recovered: true, history: "kept" })
  return { stream, written, first, second, begin, [Symbol.dispose]: () => slowReaders.stop() }
}

const message = (channel: Channel, offset: number): Message => ({
  channel,
  epoch: "e",
  offset,
  type: "text/plain",
  data: "x".repeat(messageBytes),
  bytes: messageBytes,
  id: `m${offset}`,
  time: 0,
})

const prepared = (offset: number) => new PreparedMessage(message(channelOf("/a"), offset))

test("early messages are backlog: too many of them end the stream as slow", () => {
  using t = start()
  t.begin(t.first)
  for (let offset = 1; offset <= 41; offset++) {
    expect(t.stream.closed).toBe(false)
    t.first.write([prepared(offset)])
  }
  expect(t.stream.closed).toBe(true)
  expect(t.written.join("")).toContain('"code":"slow"')
})

test("early messages come after the cursor, in order, and are no backlog any more", () => {
  using t = start()
  t.begin(t.first)
  for (let offset = 1; offset <= 30; offset++) t.first.write([prepared(offset)])
  expect(t.stream.backlogBytes()).toBe(30 * messageBytes)
  expect(t.written).toEqual([])
  t.begin(t.second)
  expect(t.stream.backlogBytes()).toBe(0)
  const ids = [...t.written.join("").matchAll(/"id":"m\d+"/g)].map(([id]) => id as string)
  expect(t.written[0]).toContain("event: position")
  expect(ids).toEqual(Array.from({ length: 30 }, (_, i) => `"id":"m${i + 1}"`))
})

test("a channel that has its position is given no page of its replay until the others have theirs", async () => {
  using t = start()
  expect([t.first.ready(), t.second.ready()]).toEqual([null, null])
  t.begin(t.first)
  const wait = t.first.ready()
  expect(wait).not.toBeNull()
  expect(t.second.ready()).toBeNull()
  t.begin(t.second)
  await wait
  expect([t.first.ready(), t.second.ready()]).toEqual([null, null])
})

test("who waits for the others is let go when the stream ends", async () => {
  using t = start()
  t.begin(t.first)
  const waits = [t.first.ready(), t.stream.drained()]
  t.stream.closeWith("deleted")
  await Promise.all(waits)
  expect(t.stream.closed).toBe(true)
})
