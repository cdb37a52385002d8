import { expect, test } from "bun:test"
import { defaultLimits } from "../../../wire/limits.ts"
import type { Rule } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { Counters } from "../../telemetry/counters.ts"
import { payloadBytes } from "../prepared-message.ts"
import { Audience } from "./audience.ts"
import { Joining } from "./listener-state.ts"
import { channelOf, RecordingListener } from "../testing/test-hub.ts"
import { channelRingBytesMax, RingBudget } from "./ring.ts"

const messageBytes = 64 * 1024

function audienceOf(name: string, rings: RingBudget): Audience {
  return new Audience({
    channel: channelOf(name),
    rule: { slow: "disconnect", keep: null } as unknown as Rule,
    position: { epoch: "e", offset: 0 },
    context: { counters: new Counters(), rings, charge() {} },
  })
}

function messageTo({ channel, head }: Audience): Message {
  const offset = head + 1
  const id = String(offset)
  return { channel, epoch: "e", offset, type: "text/plain", data: "", bytes: messageBytes, id, time: 0 }
}

/** Somebody who reads history for as long as it takes. */
function replayIn(audience: Audience): RecordingListener {
  const listener = new RecordingListener()
  listener.hubState = new Joining(audience.channel)
  audience.move(listener, "behind", { epoch: "e", offset: 0 })
  return listener
}

function listenTo(audience: Audience): RecordingListener {
  const listener = new RecordingListener()
  listener.hubState = new Joining(audience.channel)
  audience.move(listener, "at-head")
  return listener
}

/** Payload that the ring of an audience holds. */
function heldBytes(audience: Audience): number {
  let count = 0
  while (audience.since(audience.head - count - 1)) count++
  return payloadBytes(audience.since(audience.head - count) ?? [])
}

test("one reader that stalls in its replay makes no channel keep more than its bound, nor all of them more than the node's", () => {
  const rings = new RingBudget(defaultLimits)
  const audiences = Array.from({ length: 20 }, (_, number) => audienceOf(`/${number}`, rings))
  for (const audience of audiences) replayIn(audience)
  for (let i = 0; i < 1040; i++) {
    for (const audience of audiences) {
      audience.push(messageTo(audience))
      audience.advance(0)
      expect(rings.bytes).toBeLessThanOrEqual(defaultLimits.ringBytesMax + 2 * messageBytes)
    }
  }
  for (const audience of audiences) expect(heldBytes(audience)).toBeLessThanOrEqual(channelRingBytesMax)
  const all = audiences.reduce((sum, audience) => sum + heldBytes(audience), 0)
  expect(all).toBeLessThanOrEqual(defaultLimits.ringBytesMax)
  // The bound is used, not avoided.
  expect(all).toBeGreaterThan(defaultLimits.ringBytesMax / 2)
})

test("what a lagging bucket lacks is never let go, and publishes to it wait while the node's bound is met", () => {
  const rings = new RingBudget({ ringBytesMax: 10 * messageBytes })
  const [lagging, replayed] = [audienceOf("/lagging", rings), audienceOf("/replayed", rings)]
  const listener = listenTo(lagging)
  replayIn(replayed)
  for (let i = 0; i < 20; i++) {
    lagging.push(messageTo(lagging))
    replayed.push(messageTo(replayed))
    replayed.advance(0)
  }
  expect([lagging.full, replayed.full]).toEqual([true, false])
  while (lagging.lags) lagging.advance(0)
  expect(listener.offsets).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect([lagging.full, rings.isSpent]).toEqual([false, false])
})

test("big messages hold publishers by their bytes, before they are many", () => {
  const audience = audienceOf("/a", new RingBudget(defaultLimits))
  listenTo(audience)
  const bytes = 4 * 1024 * 1024
  audience.push({ ...messageTo(audience), bytes })
  expect(audience.full).toBe(false)
  audience.push({ ...messageTo(audience), bytes })
  expect(audience.full).toBe(true)
})

test("a channel that nobody listens to any more holds nothing", () => {
  const rings = new RingBudget(defaultLimits)
  const audience = audienceOf("/a", rings)
  replayIn(audience)
  for (let i = 0; i < 10; i++) audience.push(messageTo(audience))
  expect(rings.bytes).toBeGreaterThan(10 * messageBytes)
  audience.close()
  expect(rings.bytes).toBe(0)
})
