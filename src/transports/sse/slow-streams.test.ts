import { expect, test } from "bun:test"
import type { Position } from "../../../wire/cursor.ts"
import { defaultLimits } from "../../../wire/limits.ts"
import { channelOf, TestHub } from "../../hub/testing/test-hub.ts"
import { anonymousClient } from "../connections/client.ts"
import { SlowReaders } from "../slow-readers.ts"
import { stubContext } from "../stub-context.ts"
import { ChannelStream } from "./channel-stream.ts"

const message = "x".repeat(60 * 1024)

function start(outboxBytesMax = defaultLimits.outboxBytesMax) {
  let now = 1
  const testHub = new TestHub({ outboxBytesMax })
  const slowReaders = new SlowReaders({ outboxBytesMax, now: () => now })
  const context = stubContext({ hub: testHub.hub, limits: { outboxBytesMax }, slowReaders })
  return {
    testHub,
    publish: () => void testHub.hub.publish(testHub.draft("/a", message)),
    lookAfter(ms: number) {
      now += ms
      slowReaders.look()
    },
    /** A stream whose client takes all at once, or nothing. */
    open({ stalled, after = null }: { stalled: boolean; after?: Position | null }) {
      const channel = channelOf("/a")
      const request = new Request("http://x/a")
      const stream = new ChannelStream({
        context,
        request,
        number: 1,
        user: undefined,
        client: anonymousClient,
        channel,
        after,
        reply: undefined,
      })
      const written = { bytes: 0 }
      stream.pull({
        write(chunk) {
          written.bytes += chunk.length
          return stalled ? new Promise(() => {}) : chunk.length
        },
        close() {},
      })
      return { stream, written }
    },
    [Symbol.dispose]: () => slowReaders.stop(),
  }
}

test("who waits for a stream to drain waits with all others, so that many cost what one does", () => {
  using t = start()
  const { stream } = t.open({ stalled: true })
  expect(stream.drained()).toBe(stream.drained())
})

// It has little waiting at a time, and its publishers write nothing to it: by what else than time should it be slow?
test("a stream that stalls in its replay is slow after a minute, and its channel keeps nothing for it", async () => {
  using t = start()
  for (let i = 0; i < 100; i++) t.publish()
  const { stream, written } = t.open({ stalled: true, after: { epoch: "run1", offset: 0 } })
  await Bun.sleep(0)
  // One page and then nothing: it is below every bound.
  expect(written.bytes).toBeGreaterThan(message.length)
  expect(stream.backlogBytes()).toBeLessThan(defaultLimits.outboxBytesMax)
  t.lookAfter(59_000)
  expect(stream.closed).toBe(false)
  t.lookAfter(2000)
  expect(stream.closed).toBe(true)
  expect(t.testHub.hub.listenedChannels).toBe(0)
})

test("a stream that is ended by what its group is given takes no message from another one", () => {
  using t = start(10 * 1024)
  const stalled = t.open({ stalled: true })
  const others = [1, 2, 3].map(() => t.open({ stalled: false }))
  const before = others.map(({ written }) => written.bytes)
  t.publish()
  t.testHub.settle()
  expect(stalled.stream.closed).toBe(true)
  const given = others.map(({ written }, index) => written.bytes - (before[index] as number) > message.length)
  expect(given).toEqual([true, true, true])
})
