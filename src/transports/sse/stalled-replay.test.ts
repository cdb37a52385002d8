// A stream that is replayed has little waiting at a time, and its publishers write nothing to it: by what else than time
// should it be slow?
import { expect, test } from "bun:test"
import { defaultLimits } from "../../../wire/limits.ts"
import { channelOf, Rehearsal } from "../../hub/rehearsal.ts"
import { stranger } from "../guest.ts"
import type { Shared } from "../shared.ts"
import { SlowReaders } from "../slow-readers.ts"
import { ChannelStream } from "./channel-stream.ts"

test("a stream that stalls in its replay is slow after a minute, and its channel keeps nothing for it", async () => {
  let now = 1
  const rehearsal = new Rehearsal()
  using slowReaders = Object.assign(new SlowReaders({ ...defaultLimits, now: () => now }), {
    [Symbol.dispose](this: SlowReaders) {
      this.stop()
    },
  })
  const shared = {
    hub: rehearsal.hub,
    limits: defaultLimits,
    slowReaders,
    wheel: { add() {}, remove() {} },
    connections: { addReserved() {}, remove() {} },
    presence: { enter: () => null },
    setTimeout() {},
    gone() {},
  } as unknown as Shared
  const data = "x".repeat(60 * 1024)
  for (let i = 0; i < 100; i++) void rehearsal.hub.publish(rehearsal.draft("/a", data))
  const stream = new ChannelStream({
    shared,
    request: new Request("http://x/a"),
    number: 1,
    user: undefined,
    guest: stranger,
    channel: channelOf("/a"),
    after: { epoch: "run1", offset: 0 },
    reply: undefined,
  })
  let written = 0
  stream.pull({
    write(chunk) {
      written += chunk.length
      return new Promise(() => {})
    },
    close() {},
  })
  await Bun.sleep(0)
  // One page and then nothing: it is below every bound.
  expect(written).toBeGreaterThan(data.length)
  expect(stream.backlogBytes()).toBeLessThan(defaultLimits.outboxBytesMax)
  now += 59_000
  slowReaders.look()
  expect(stream.closed).toBe(false)
  now += 2000
  slowReaders.look()
  expect(stream.closed).toBe(true)
  expect(rehearsal.hub.channelsHeard).toBe(0)
})
