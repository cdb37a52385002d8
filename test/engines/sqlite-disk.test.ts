// What the SQLite engine leaves on the disk: as much as the rules and budgets say, and not more.
import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import { statSync } from "node:fs"
import { join } from "node:path"
import { defaultLimits } from "../../wire/limits.ts"
import type { Channel } from "../../src/channels/channel.ts"
import type { SqliteEngine } from "../../src/engines/sqlite/sqlite-engine.ts"
import { bounds, draft, Folder, keep, keyed, readAll, textsOf } from "./stored.ts"

/** Rows of a table, after the engine was closed. */
function count(folder: Folder, table: string): number {
  const database = new Database(join(folder.path, "laba.sqlite"), { readonly: true })
  const row = database.query(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }
  database.close()
  return row.rows
}

async function publishMany(
  engine: SqliteEngine,
  howMany: number,
  channelOf: (index: number) => string,
): Promise<void> {
  for (let done = 0; done < howMany; done += 500) {
    const some = Array.from({ length: Math.min(500, howMany - done) }, (_, i) => done + i)
    await Promise.all(some.map((index) => engine.publish(draft(channelOf(index), `m${index}`), keep)))
  }
}

test("a busy channel has on disk what its rule keeps, and its journal is empty once it rests", async () => {
  await using folder = new Folder()
  const engine = folder.open()
  await publishMany(engine, 5000, () => "/busy")
  await engine.runUpkeep()
  await engine.close()
  expect(count(folder, "messages")).toBe(100)
  expect(count(folder, "journal")).toBe(0)
  const again = folder.open()
  const { tail, kept } = again.state("/busy" as Channel, keep)
  expect([tail.offset, kept]).toEqual([5000, 100])
})

test("what a stricter rule drops goes from the disk too, a bounded piece at a time", async () => {
  await using folder = new Folder()
  const wide = { ...keep, count: 10_000, bytes: 1e8 }
  const first = folder.open()
  for (let i = 0; i < 10; i++)
    await Promise.all(Array.from({ length: 500 }, () => first.publish(draft("/a"), wide)))
  await first.close()
  expect(count(folder, "messages")).toBe(5000)
  let ms = Date.now()
  const second = folder.open({ now: () => ms })
  const few = { ...keep, count: 10 }
  for (let i = 0; i < 30; i++) {
    second.state("/a" as Channel, few)
    ms += 1001
    await second.runUpkeep()
  }
  expect(second.state("/a" as Channel, few).kept).toBe(10)
  await second.close()
  expect(count(folder, "messages")).toBe(10)
})

test("expired history and deleted channels are cleared without anybody asking for them; numbers stay", async () => {
  await using folder = new Folder()
  let ms = Date.now()
  const engine = folder.open({ now: () => ms })
  await publishMany(engine, 1000, (index) => `/c${index % 200}`)
  await engine.publish(draft("/deleted"), keep)
  await engine.runUpkeep()
  await engine.forget("/deleted" as Channel)
  const { tail } = engine.state("/c7" as Channel, keep)
  ms += keep.timeMs + 20_000
  for (let i = 0; i < 20; i++) {
    ms += 1001
    await engine.runUpkeep()
  }
  expect(await readAll(engine, "/c7", tail)).toEqual([])
  expect(await readAll(engine, "/c7", { ...tail, offset: 1 })).toBe("trimmed")
  await engine.close()
  expect([count(folder, "messages"), count(folder, "garbage"), count(folder, "channels")]).toEqual([
    0, 0, 201,
  ])
})

test("expired history is cleared although the clock was ahead when the server started", async () => {
  await using folder = new Folder()
  const dayMs = 86_400_000
  let ms = Date.now() + dayMs
  const engine = folder.open({ now: () => ms })
  ms -= dayMs
  await publishMany(engine, 10, () => "/c")
  await engine.runUpkeep()
  ms += keep.timeMs + 20_000
  for (let i = 0; i < 20; i++) {
    ms += 1001
    await engine.runUpkeep()
  }
  await engine.close()
  expect(count(folder, "messages")).toBe(0)
})

test("keys leave the disk when their time is over", async () => {
  await using folder = new Folder()
  let ms = Date.now()
  const engine = folder.open({ now: () => ms })
  for (let i = 0; i < 20; i++) await engine.publish(keyed("/a", `k${i}`), keep)
  ms += defaultLimits.idempotencySeconds * 1000 + 1
  await engine.runUpkeep()
  await engine.close()
  expect(count(folder, "receipts")).toBe(0)
})

test("the budget of the disk holds over a restart: the least recently used go, whoever listens keeps the numbers", async () => {
  await using folder = new Folder()
  const trimmed: string[] = []
  const options = { diskBytesMax: 100_000, onTrim: (channel: string) => void trimmed.push(channel) }
  const first = folder.open(options)
  const old = await first.publish(draft("/old", "x".repeat(1000)), keep)
  await first.publish(draft("/heard", "x".repeat(1000)), keep)
  await first.close()
  const second = folder.open(options)
  await second.listen("/heard" as Channel, keep)
  for (let i = 0; i < 300; i++) await second.publish(draft(`/c${i}`, "x".repeat(1000)), keep)
  for (let i = 0; i < 5; i++) await second.runUpkeep()
  expect(trimmed[0]).toBe("/old")
  expect(await readAll(second, "/old", { ...old.position, offset: 0 })).toBe("epoch")
  expect((await second.publish(draft("/heard"), keep)).position.offset).toBe(2)
  expect(second.state("/c299" as Channel, keep).kept).toBe(1)
  await second.close()
  const bytes = (await folder.open(options).runUpkeep(), statSync(join(folder.path, "laba.sqlite")).size)
  expect(bytes).toBeLessThan(2_000_000)
})

test("what the budget pushed out leaves the tables as fast as it was counted out, also when nobody publishes any more", async () => {
  await using folder = new Folder()
  const engine = folder.open({ diskBytesMax: 100_000 })
  await publishMany(engine, 3000, (index) => `/c${index}`)
  // Not once a second, a channel each time: within as many looks as the engine takes in a few seconds.
  for (let i = 0; i < 30; i++) await engine.runUpkeep()
  await engine.close()
  expect(count(folder, "garbage")).toBe(0)
  expect(count(folder, "messages")).toBeLessThan(400)
})

test("channels that are listened to and idle cost the others neither memory nor disk", async () => {
  await using folder = new Folder()
  const limits = { ...defaultLimits, historyBytesMax: 100_000 }
  const trimmed: string[] = []
  const onTrim = (channel: string) => void trimmed.push(channel)
  const engine = folder.open({ diskBytesMax: 200_000, limits, onTrim })
  await publishMany(engine, 100, (index) => `/kept/${index}`)
  const before = engine.figures.historyBytes as number
  for (let i = 0; i < 1000; i++) await engine.listen(`/idle/${i}` as Channel, keep)
  expect(engine.figures.historyBytes).toBe(before)
  // Of each the numbers are left, and nothing else.
  await publishMany(engine, 1000, (index) => `/idle/${index}`)
  for (let i = 0; i < 1000; i++) engine.state(`/idle/${i}` as Channel, { ...keep, count: 0 })
  for (let i = 0; i < 30; i++) await engine.runUpkeep()
  const counted = trimmed.length
  for (let i = 0; i < 10; i++) await engine.publish(draft(`/more/${i}`, "x".repeat(1000)), keep)
  expect(trimmed.length).toBe(counted)
  expect(engine.figures.historyBytes as number).toBeLessThan(100_000)
})

test("a channel that costs its publisher nothing any more, since somebody listens to it, is not theirs on disk either", async () => {
  await using folder = new Folder()
  let ms = Date.now()
  const first = folder.open({ now: () => ms })
  await first.publish(draft("/a", "x", { publisher: "user:7" }), keep)
  await first.close()
  expect(count(folder, "channels WHERE owner = 'user:7'")).toBe(1)
  const second = folder.open({ now: () => ms })
  ms += 2 * keep.timeMs
  await second.runUpkeep()
  await second.listen("/a" as Channel, keep)
  second.unlisten("/a" as Channel)
  await second.runUpkeep()
  await second.close()
  // Or they would be relieved of it anew each time that it is fetched from there.
  expect(count(folder, "channels WHERE owner IS NULL")).toBe(1)
})

test("memory holds what its budget allows, and the rest is read from the disk", async () => {
  await using folder = new Folder()
  const wide = { ...keep, count: 10_000, bytes: 1e8 }
  const limits = { ...defaultLimits, historyBytesMax: 50_000 }
  const engine = folder.open({ limits })
  for (let i = 0; i < 2000; i++) void engine.publish(draft(`/c${i % 20}`, `m${i}`.padEnd(500, ".")), wide)
  await engine.publish(draft("/last"), wide)
  await engine.runUpkeep()
  await engine.publish(draft("/last"), wide)
  expect(engine.figures.historyBytes).toBeLessThan(60_000)
  for (let c = 0; c < 20; c++) {
    const { epoch } = engine.state(`/c${c}` as Channel, wide).tail
    const read = textsOf(await readAll(engine, `/c${c}`, { epoch, offset: 90 }, wide)) as string[]
    expect(read.map((text) => text.replaceAll(".", ""))).toEqual(
      Array.from({ length: 10 }, (_, i) => `m${(90 + i) * 20 + c}`),
    )
  }
})

test("a listener hears at once what a channel without history is given, and waits for the disk on no account", async () => {
  await using folder = new Folder()
  const heard: number[] = []
  const engine = folder.open({
    events: { deliver: ({ offset }) => void heard.push(offset), lost: () => undefined },
  })
  await engine.listen("/lossy" as Channel, null)
  void engine.publish(draft("/kept"), keep)
  const receipt = engine.publish(draft("/lossy"), null)
  expect(receipt).toMatchObject({ position: { offset: 1 } })
  expect(heard).toEqual([1])
  expect(engine.history("/lossy" as Channel, { epoch: "x", offset: 0 }, null, bounds)).toMatchObject({
    reset: "no-history",
  })
})

test("two publishes with one key that meet in a commit are one, and another body conflicts", async () => {
  await using folder = new Folder()
  const engine = folder.open()
  const tries = [keyed("/a", "k"), keyed("/a", "k"), keyed("/a", "k", "other")].map(async (one) =>
    engine.publish(one, keep),
  )
  const [first, second, third] = await Promise.allSettled(tries)
  expect(first).toMatchObject({ status: "fulfilled", value: { duplicate: false, position: { offset: 1 } } })
  expect(second).toMatchObject({ status: "fulfilled", value: { duplicate: true, position: { offset: 1 } } })
  expect(third).toMatchObject({ status: "rejected", reason: { code: "idempotency_conflict" } })
  expect(engine.state("/a" as Channel, keep).tail.offset).toBe(1)
})

test("a rule that keeps nothing for a while moves its listeners, and nothing is missed in silence", async () => {
  await using folder = new Folder()
  const heard: string[] = []
  const engine = folder.open({
    events: { deliver: ({ epoch, offset }) => void heard.push(`${epoch}-${offset}`), lost: () => undefined },
  })
  const { epoch } = await engine.listen("/a" as Channel, keep)
  await engine.publish(draft("/a"), keep)
  const lossy = await engine.publish(draft("/a"), null)
  const again = await engine.publish(draft("/a"), keep)
  expect(heard).toEqual([
    `${epoch}-1`,
    `${lossy.position.epoch}-1`,
    `${again.position.epoch}-${again.position.offset}`,
  ])
  expect(new Set([epoch, lossy.position.epoch, again.position.epoch]).size).toBe(3)
  expect(await readAll(engine, "/a", { epoch, offset: 1 })).toBe("epoch")
})

test("tells its operator what there is, each channel on one page, wherever it is kept", async () => {
  await using folder = new Folder()
  const first = folder.open()
  for (let i = 0; i < 5; i++) await first.publish(draft(`/cold${i}`), keep)
  await first.close()
  const engine = folder.open()
  for (let i = 0; i < 3; i++) await engine.publish(draft(`/new${i}`), keep)
  await engine.listen("/heard" as Channel, keep)
  await engine.listen("/lossy" as Channel, null)
  const names: string[] = []
  let from: string | null = null
  do {
    const page = engine.channelsPage(from, 3)
    expect(page.channels.length).toBeLessThanOrEqual(3)
    names.push(...page.channels.map(({ channel }) => channel))
    from = page.next
    await engine.runUpkeep()
  } while (from !== null)
  const expected = [
    "/cold0",
    "/cold1",
    "/cold2",
    "/cold3",
    "/cold4",
    "/heard",
    "/lossy",
    "/new0",
    "/new1",
    "/new2",
  ]
  expect(names.toSorted()).toEqual(expected)
  expect(engine.figures.channels).toBe(10)
  expect(() => engine.channelsPage("x-1", 3)).toThrow("bad_cursor")
})
