// What is published in one turn, in a real Redis: one script for all of it, and for each the answer that it would have
// had by itself.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { openEngine, refusalOf } from "../../../test/engines/redis-maker.ts"
import { bounds, draft, keep } from "../../../test/engines/stored.ts"
import { RedisProcess, until } from "../../../test/support/redis-servers.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Keep } from "../../channels/channel.ts"
import type { EngineEvents, Message } from "../engine.ts"

let redis: RedisProcess
beforeAll(async () => {
  redis = await RedisProcess.start({ config: { save: '""' } })
}, 60_000)
afterAll(() => redis[Symbol.asyncDispose]())

const a = parseChannel("/a", "body")
const nobody: EngineEvents = { deliver: () => {}, lost: () => {} }

async function open(events = nobody) {
  const engine = await openEngine(redis.url, events)
  return { engine, [Symbol.asyncDispose]: async () => engine.close() }
}

test("drafts of one turn are numbered, kept and heard in the order in which they were published", async () => {
  const heard: Message[] = []
  await using opened = await open({ deliver: (message) => void heard.push(message), lost: () => {} })
  const { engine } = opened
  const start = await engine.listen(a)
  // More than one group, and more than is kept.
  const texts = Array.from({ length: 200 }, (_, index) => `${index} ü \0 \r\n`)
  const receipts = await Promise.all(
    texts.map((text, index) => engine.publish(draft("/a", index % 3 === 0 ? Buffer.from(text) : text), keep)),
  )
  expect(receipts.map(({ position }) => position.offset)).toEqual(texts.map((_, index) => index + 1))
  await until(() => heard.length === texts.length, "all of them")
  expect(heard.map(({ data }) => Buffer.from(data as string).toString())).toEqual(texts)
  expect(await engine.history(a, start, keep, bounds)).toMatchObject({ reset: "trimmed" })
  const page = await engine.history(a, { ...start, offset: 100 }, keep, bounds)
  expect(
    "messages" in page && page.messages.map(({ data }) => Buffer.from(data as string).toString()),
  ).toEqual(texts.slice(100))
})

test("in one turn a key publishes once, conflicts and is full as it does in many", async () => {
  await using opened = await open()
  const { engine } = opened
  const keyed = (digest: string) => draft("/a", digest, { idempotency: { key: "a key", digest } })
  const [first, second, conflict, other] = await Promise.allSettled([
    engine.publish(keyed("one"), keep),
    engine.publish(keyed("one"), keep),
    engine.publish(keyed("two"), keep),
    engine.publish(draft("/a"), keep),
  ])
  expect(first).toMatchObject({ value: { duplicate: false, position: { offset: 1 } } })
  expect(second).toMatchObject({ value: { duplicate: true, position: { offset: 1 } } })
  expect(
    first.status === "fulfilled" && second.status === "fulfilled" && first.value.id === second.value.id,
  ).toBe(true)
  expect(conflict).toMatchObject({ reason: { code: "idempotency_conflict" } })
  expect(other).toMatchObject({ value: { duplicate: false, position: { offset: 2 } } })
})

test("what is wrong with one channel refuses what is published there, and nothing else of the turn", async () => {
  await using opened = await open()
  const { engine } = opened
  await engine.redis.command("0", "SET", engine.redis.key("0", "log:/broken"), "not a stream")
  const [before, broken, after] = await Promise.allSettled([
    engine.publish(draft("/a"), keep),
    engine.publish(draft("/broken"), keep),
    engine.publish(draft("/a"), keep),
  ])
  expect(before).toMatchObject({ value: { position: { offset: 1 } } })
  expect(broken).toMatchObject({ reason: { code: "engine_unavailable" } })
  expect(after).toMatchObject({ value: { position: { offset: 2 } } })
  expect(await refusalOf(() => engine.publish(draft("/broken"), keep))).toContain("WRONGTYPE")
  await engine.redis.command("0", "DEL", engine.redis.key("0", "log:/broken"))
  expect((await engine.publish(draft("/broken"), keep)).position.offset).toBe(1)
})

test("a rule that keeps nothing, between two that keep, leaves no hole in what is read", async () => {
  await using opened = await open()
  const { engine } = opened
  const rules: Keep[] = [keep, null, keep, keep]
  const receipts = await Promise.all(
    rules.map((rule, index) => engine.publish(draft("/a", String(index)), rule)),
  )
  expect(receipts.map(({ position }) => position.offset)).toEqual([1, 2, 3, 4])
  const { epoch } = receipts[0]?.position ?? { epoch: "" }
  expect(await engine.history(a, { epoch, offset: 1 }, keep, bounds)).toMatchObject({ reset: "trimmed" })
  const page = await engine.history(a, { epoch, offset: 2 }, keep, bounds)
  expect("messages" in page && page.messages.map(({ data }) => data)).toEqual(["2", "3"])
  expect((await engine.state(a, keep)).kept).toBe(2)
})

test("the budget counts what is there, however it was published", async () => {
  await using opened = await open()
  const { engine } = opened
  const costIn = async () =>
    Number(await engine.redis.command("0", "HGET", engine.redis.key("0", "ledger"), "bytes"))
  await Promise.all(
    Array.from({ length: 150 }, (_, index) => engine.publish(draft(`/${index % 2}`, "xy"), keep)),
  )
  await engine.publish(draft("/0", "xy"), { ...keep, count: 10 })
  // A channel, its messages, their payloads: as the scripts estimate what they cost Redis.
  expect(await costIn()).toBe(2 * 400 + (10 + 75) * (120 + 2))
  await engine.forget(parseChannel("/0", "body"))
  await engine.forget(parseChannel("/1", "body"))
  expect(await costIn()).toBe(0)
})

test("names that are only listened to cost no history, and leave nothing behind when nobody listens any more", async () => {
  await using opened = await open()
  const { engine } = opened
  const names = Array.from({ length: 700 }, (_, index) => parseChannel(`/named/${index}`, "body"))
  const keysOf = async () => Number(await engine.redis.command("0", "ZCARD", engine.redis.key("0", "names")))
  await Promise.all(names.map((name) => engine.listen(name)))
  await until(async () => (await keysOf()) === names.length, "all of them are known")
  const bytes = await engine.redis.command("0", "HGET", engine.redis.key("0", "ledger"), "bytes")
  expect(Number(bytes ?? 0)).toBe(0)
  for (const name of names) engine.unlisten(name)
  await until(async () => (await keysOf()) === 0, "none is known any more")
  const left = await engine.redis.command("0", "ZCARD", engine.redis.key("0", "heard"))
  expect(Number(left)).toBe(0)
})

test("what a version before this one has written is read on, channels and keys alike", async () => {
  await using opened = await open()
  const { engine } = opened
  const idempotency = { key: "k", digest: "d" }
  const first = await engine.publish(draft("/a", "x", { idempotency, publisher: "user:7" }), keep)
  const cut = async (key: string, field: string, words: number) => {
    const name = engine.redis.key("0", key)
    const text = String(await engine.redis.command("0", "HGET", name, field))
    await engine.redis.command("0", "HSET", name, field, text.split(" ").slice(0, -words).join(" "))
  }
  await cut("channel:/a", "state", 2)
  await cut("receipts", "/a k", 1)
  expect(await engine.publish(draft("/a", "x", { idempotency, publisher: "user:7" }), keep)).toEqual({
    ...first,
    duplicate: true,
  })
  expect((await engine.publish(draft("/a"), keep)).position.offset).toBe(2)
  expect((await engine.state(a, keep)).kept).toBe(2)
})
