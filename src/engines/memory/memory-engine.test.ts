import { describe, expect, test } from "bun:test"
import { defaultLimits } from "../../../wire/limits.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { Draft } from "../engine.ts"
import { MemoryEngine, type MemoryEngineOptions } from "./memory-engine.ts"

const keep: Keep = { count: 100, bytes: 1e6, timeMs: 1000 }
const bounds = { messages: 100, bytes: 1e6 }
const silent = { deliver: () => undefined, lost: () => undefined }

class Clock {
  ms = 1_000_000
  readonly now = () => this.ms
}

const make = (clock: Clock, options: Partial<MemoryEngineOptions> = {}) =>
  new MemoryEngine(silent, { limits: defaultLimits, boot: "b", now: clock.now, ...options })

const draft = (channel: string, data = "x", key?: string): Draft => ({
  channel: channel as Channel,
  type: "text/plain",
  data,
  bytes: data.length,
  id: "i",
  ...(key && { idempotency: { key, digest: data } }),
})

test("expired messages are not read, and a cursor at the tail still resumes", () => {
  const clock = new Clock()
  using engine = disposable(make(clock))
  engine.publish(draft("/a"), keep)
  clock.ms += 1001
  const state = engine.state("/a" as Channel, keep)
  expect(state.kept).toBe(0)
  expect(engine.history("/a" as Channel, { epoch: "b", offset: 1 }, keep, bounds)).toMatchObject({
    messages: [],
  })
  expect(engine.history("/a" as Channel, { epoch: "b", offset: 0 }, keep, bounds)).toMatchObject({
    reset: "trimmed",
  })
})

test("a key is forgotten after its time and publishes again then", () => {
  const clock = new Clock()
  using engine = disposable(make(clock))
  engine.publish(draft("/a", "x", "k"), keep)
  clock.ms += defaultLimits.idempotencySeconds * 1000 - 1
  expect(engine.publish(draft("/a", "x", "k"), keep).duplicate).toBe(true)
  clock.ms += 1
  expect(engine.publish(draft("/a", "x", "k"), keep)).toMatchObject({
    duplicate: false,
    position: { offset: 2 },
  })
})

test("a channel that the budget pushed out resets every cursor of its earlier life, at any offset", () => {
  const clock = new Clock()
  const trimmed: string[] = []
  using engine = disposable(
    make(clock, {
      limits: { ...defaultLimits, historyBytesMax: 20_000 },
      onTrim: (channel) => trimmed.push(channel),
    }),
  )
  for (let i = 0; i < 5; i++) engine.publish(draft("/old"), keep)
  for (let i = 0; i < 100; i++) {
    clock.ms++
    engine.publish(draft(`/c${i}`, "x".repeat(500)), keep)
  }
  expect(trimmed[0]).toBe("/old")
  for (let i = 0; i < 7; i++) engine.publish(draft("/old"), keep)
  for (const offset of [0, 3, 5, 7]) {
    const page = engine.history("/old" as Channel, { epoch: "b", offset }, keep, bounds)
    expect(page).toMatchObject({ reset: "epoch" })
  }
})

test("the budget counts what is there: after everything was dropped nothing is left of it", () => {
  const clock = new Clock()
  using engine = disposable(make(clock))
  for (let i = 0; i < 50; i++) engine.publish(draft(`/c${i % 7}`, "x".repeat(i)), { ...keep, count: 3 })
  expect(engine.historyBytes).toBeGreaterThan(0)
  for (let i = 0; i < 7; i++) engine.forget(`/c${i}` as Channel)
  expect(engine.historyBytes).toBe(0)
})

test("listeners come and go on names never published to, and leave nothing behind", () => {
  const clock = new Clock()
  using engine = disposable(make(clock))
  for (let i = 0; i < 1000; i++) {
    engine.listen(`/one-time/${i}` as Channel, keep)
    engine.unlisten(`/one-time/${i}` as Channel)
  }
  expect(engine.historyBytes).toBe(0)
})

test("names that are only listened to cost no history, and what they cost again when nobody listens is made room for", () => {
  const clock = new Clock()
  using engine = disposable(make(clock, { limits: { ...defaultLimits, historyBytesMax: 20_000 } }))
  engine.publish(draft("/kept", "x".repeat(500)), keep)
  const alone = engine.historyBytes
  for (let i = 0; i < 1000; i++) engine.listen(`/heard/${i}` as Channel, keep)
  expect(engine.historyBytes).toBe(alone)
  // Numbered and without history: still no use to the budget while somebody listens.
  for (let i = 0; i < 1000; i++) engine.publish(draft(`/heard/${i}`), null)
  expect(engine.historyBytes).toBe(alone)
  expect(engine.state("/kept" as Channel, keep).kept).toBe(1)
  clock.ms++
  for (let i = 0; i < 1000; i++) engine.unlisten(`/heard/${i}` as Channel)
  expect(engine.historyBytes).toBeLessThanOrEqual(20_000)
})

test("a channel with listeners keeps its numbers when the budget takes its history", () => {
  const clock = new Clock()
  using engine = disposable(make(clock, { limits: { ...defaultLimits, historyBytesMax: 5000 } }))
  engine.listen("/heard" as Channel, keep)
  engine.publish(draft("/heard", "x".repeat(300)), keep)
  for (let i = 0; i < 50; i++) {
    clock.ms++
    engine.publish(draft(`/c${i}`, "x".repeat(500)), keep)
  }
  expect(engine.publish(draft("/heard"), keep).position).toEqual({ epoch: "b", offset: 2 })
})

function disposable(engine: MemoryEngine): MemoryEngine & Disposable {
  return Object.assign(engine, { [Symbol.dispose]: () => engine.close() })
}

test("a channel that was idle for long is forgotten, and its cursors reset; one that never was published to keeps its cursor", () => {
  const clock = new Clock()
  using engine = disposable(make(clock))
  engine.publish(draft("/once"), keep)
  const silent = engine.state("/silent" as Channel, keep).tail
  clock.ms += 2000
  engine.sweep()
  expect(engine.history("/once" as Channel, { epoch: "b", offset: 1 }, keep, bounds)).toMatchObject({
    messages: [],
  })
  clock.ms += 2000
  engine.sweep()
  clock.ms += 601_000
  engine.sweep()
  expect(engine.historyBytes).toBe(0)
  expect(engine.history("/once" as Channel, { epoch: "b", offset: 1 }, keep, bounds)).toMatchObject({
    reset: "epoch",
  })
  engine.publish(draft("/silent"), keep)
  expect(engine.history("/silent" as Channel, silent, keep, bounds)).toMatchObject({
    messages: [{ offset: 1 }],
  })
})

describe("rules and limits that change while it runs", () => {
  const position = (offset: number) => ({ epoch: "b", offset })

  test("a history that was off for a while has no hole in it", () => {
    const clock = new Clock()
    using engine = disposable(make(clock))
    const publish = (kept: Keep) => engine.publish(draft("/c"), kept)
    for (let i = 0; i < 3; i++) publish(keep)
    publish(null)
    publish(keep)
    const channel = "/c" as Channel
    expect(engine.history(channel, position(3), keep, bounds)).toMatchObject({ reset: "trimmed" })
    expect(engine.history(channel, position(4), keep, bounds)).toMatchObject({ messages: [{ offset: 5 }] })
    expect(engine.state(channel, keep).kept).toBe(1)
  })

  test("a smaller budget and a smaller table hold from then on", () => {
    const clock = new Clock()
    const limits = { ...defaultLimits, historyBytesMax: 1_000_000, idempotencyKeysMax: 1000 }
    using engine = disposable(make(clock, { limits }))
    const keyed = (key: string): Draft => draft("/k", "x", key)
    for (let i = 0; i < 50; i++) engine.publish(draft(`/c${i}`), keep)
    engine.publish(keyed("one"), keep)
    limits.historyBytesMax = 2000
    limits.idempotencyKeysMax = 1
    engine.publish(draft("/last"), keep)
    expect(engine.historyBytes).toBeLessThanOrEqual(2000)
    expect(() => engine.publish(keyed("two"), keep)).toThrow("too_many_keys")
  })
})

test("tells its operator what there is, and looking keeps nothing alive", () => {
  const clock = new Clock()
  using engine = disposable(make(clock))
  for (let i = 0; i < 5; i++) engine.publish(draft(`/c${i}`), keep)
  engine.listen("/heard" as Channel, keep)
  expect(engine.figures).toMatchObject({ channels: 6, idempotencyKeys: 0 })
  const first = engine.channelsPage(null, 4)
  const second = engine.channelsPage(first.next, 4)
  expect([...first.channels, ...second.channels].map(({ channel }) => String(channel)).toSorted()).toEqual([
    "/c0",
    "/c1",
    "/c2",
    "/c3",
    "/c4",
    "/heard",
  ])
  expect(first.channels[0]).toMatchObject({ channel: "/c0", tail: { epoch: "b", offset: 1 }, kept: 1 })
  expect(second.next).toBeNull()
})
