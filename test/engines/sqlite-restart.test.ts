// What outlives a restart, and what a process that was killed at any moment leaves behind.
import { Database } from "bun:sqlite"
import { describe, expect, test } from "bun:test"
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import type { Channel, Keep } from "../../src/channels/channel.ts"
import type { SourceMark } from "../../src/engines/source-mark.ts"
import type { Message, Receipt } from "../../src/engines/engine.ts"
import { bounds, draft, Folder, keep, keyed, readAll, textsOf } from "./stored.ts"

const a = "/a" as Channel

describe("after a restart", () => {
  test("every cursor resumes, of channels with messages, without any, and forgotten ones with a reset", async () => {
    await using folder = new Folder()
    const first = folder.open()
    const silent = first.state("/silent" as Channel, keep).tail
    const receipts: Receipt[] = []
    for (let i = 1; i <= 10; i++) receipts.push(await first.publish(draft("/a", `m${i}`), keep))
    const old = await first.publish(draft("/gone"), keep)
    expect(await first.forget("/gone" as Channel)).toBe(1)
    await first.close()

    const second = folder.open()
    for (const [index, { position }] of receipts.entries()) {
      const expected = Array.from({ length: 9 - index }, (_, i) => `m${index + 2 + i}`)
      expect(textsOf(await readAll(second, "/a", position))).toEqual(expected)
    }
    expect(await readAll(second, "/silent", silent)).toEqual([])
    expect(await readAll(second, "/gone", old.position)).toBe("epoch")
    const next = await second.publish(draft("/a", "m11"), keep)
    expect(next.position).toEqual({ epoch: receipts[0]?.position.epoch as string, offset: 11 })
    await second.publish(draft("/silent", "hello"), keep)
    expect(textsOf(await readAll(second, "/silent", silent))).toEqual(["hello"])
  })

  test("bytes, text of every kind, types, ids and times are as they were published", async () => {
    await using folder = new Folder()
    const acceptedAt = Date.now() - 1000
    const first = folder.open({ now: () => acceptedAt })
    const sent = [
      draft("/a", "text ✓ 喇叭\n\r\0 \u2028"),
      draft("/a", '{"a":1.10}', { type: "application/json" }),
      draft(
        "/a",
        Uint8Array.from({ length: 256 }, (_, i) => i),
        { type: "image/png" },
      ),
      draft("/a", ""),
      draft("/a", new Uint8Array(0)),
    ]
    const read = async (path?: string) => {
      const engine = path === undefined ? first : folder.open({}, path)
      const { tail } = engine.state(a, keep)
      const messages = await readAll(engine, "/a", { epoch: tail.epoch, offset: 0 })
      return (messages as Message[]).map(({ type, id, time, data, bytes }) => ({
        type,
        id,
        time,
        data,
        bytes,
      }))
    }
    for (const each of sent) await first.publish(each, keep)
    const expected = sent.map(({ type, id, data, bytes }) => ({ type, id, time: acceptedAt, data, bytes }))
    expect(await read()).toEqual(expected)
    // From the journal, then from the table.
    expect(await read(folder.copy())).toEqual(expected)
    await first.close()
    expect(await read(folder.path)).toEqual(expected)
  })

  test("a key is still known for its time, with its first answer, and another body still conflicts", async () => {
    await using folder = new Folder()
    let ms = Date.now()
    const now = () => ms
    const first = folder.open({ now })
    const answer = await first.publish(keyed("/a", "k"), keep)
    const lossy = await first.publish(keyed("/lossy", "k"), null)
    await first.close()
    const second = folder.open({ now })
    expect(await second.publish(keyed("/a", "k"), keep)).toEqual({ ...answer, duplicate: true })
    expect(await second.publish(keyed("/lossy", "k"), null)).toMatchObject({ id: lossy.id, duplicate: true })
    expect(() => second.publish(keyed("/a", "k", "other"), keep)).toThrow("idempotency_conflict")
    await second.close()
    ms += 121_000
    const third = folder.open({ now })
    expect(await third.publish(keyed("/a", "k"), keep)).toMatchObject({
      duplicate: false,
      position: { offset: 2 },
    })
  })

  test("a history that a rule turned off for a while has no hole in it when a rule turns it on again", async () => {
    await using folder = new Folder()
    const first = folder.open()
    const before = await first.publish(draft("/a", "1"), keep)
    await first.close()
    const second = folder.open()
    await second.publish(draft("/a", "unkept"), null)
    await second.close()
    const third = folder.open()
    await third.publish(draft("/a", "3"), keep)
    expect(await readAll(third, "/a", before.position)).toBe("epoch")
  })

  test("a resume that was under way goes on from where it was", async () => {
    await using folder = new Folder()
    const first = folder.open()
    for (let i = 1; i <= 50; i++) await first.publish(draft("/a", `m${i}`), keep)
    const { epoch } = first.state(a, keep).tail
    const page = first.history(a, { epoch, offset: 0 }, keep, { messages: 20, bytes: 1e6 })
    if ("reset" in page) throw new Error("a reset")
    const second = folder.open({}, folder.copy())
    const position = page.messages.at(-1) as Message
    expect(textsOf(await readAll(second, "/a", position))).toEqual(
      Array.from({ length: 30 }, (_, i) => `m${i + 21}`),
    )
  })
})

describe("a process that is killed", () => {
  test("has on disk, when it delivers a message, that message", async () => {
    await using folder = new Folder()
    const copies: { copy: string; offset: number }[] = []
    const engine = folder.open({
      events: {
        deliver: ({ offset }) => void (offset % 10 === 0 && copies.push({ copy: folder.copy(), offset })),
        lost: () => undefined,
      },
    })
    await engine.listen(a, keep)
    for (let i = 1; i <= 40; i++) await engine.publish(draft("/a", `m${i}`), keep)
    expect(copies.length).toBe(4)
    for (const { copy, offset } of copies)
      expect(folder.open({}, copy).state(a, keep).tail.offset).toBeGreaterThanOrEqual(offset)
  })

  test("leaves a journal of which a torn end is left out, whole commits at a time, and no cursor then lies", async () => {
    await using folder = new Folder()
    const engine = folder.open()
    const { epoch } = engine.state(a, keep).tail
    for (let i = 1; i <= 12; i++) await engine.publish(draft("/a", `m${i}`), keep)
    const whole = folder.copy()
    const journal = readFileSync(join(whole, "laba.sqlite-wal"))
    const seen = new Set<number>()
    for (let cut = 1; cut < 12; cut++) {
      const copy = folder.copy()
      // In the middle of a page, as a power cut may leave it.
      truncateSync(join(copy, "laba.sqlite-wal"), journal.length - cut * 1700)
      const torn = folder.open({}, copy)
      const { offset } = torn.state(a, keep).tail
      seen.add(offset)
      const expected = Array.from({ length: offset }, (_, i) => `m${i + 1}`)
      expect(textsOf(await readAll(torn, "/a", { epoch, offset: 0 }))).toEqual(expected)
      if (offset < 12) expect(await readAll(torn, "/a", { epoch, offset: 12 })).toBe("epoch")
      expect((await torn.publish(draft("/a", "next"), keep)).position.offset).toBe(offset + 1)
    }
    expect(seen.size).toBeGreaterThan(2)
  })

  test("that acknowledged first gives every cursor a reset, since some may be beyond what is there", async () => {
    await using folder = new Folder()
    const engine = folder.open({ acknowledge: "first" })
    const receipt = await engine.publish(draft("/a", "1"), keep)
    // Nothing had the time to be written.
    const killed = folder.open({ acknowledge: "first" }, folder.copy())
    expect(await readAll(killed, "/a", receipt.position)).toBe("epoch")
    await engine.close()
    const ended = folder.open({ acknowledge: "first" })
    expect(await readAll(ended, "/a", receipt.position)).toEqual([])
  })
})

describe("a directory that cannot be used", () => {
  const refusal = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      return (error as Error).message
    }
    return "nothing was refused"
  }

  test("because another engine uses it", async () => {
    await using folder = new Folder()
    const first = folder.open()
    await first.publish(draft("/a", "1"), keep)
    expect(refusal(() => folder.open())).toMatch(
      /^engine_unavailable: Another process uses .*a directory of its own/,
    )
    await first.publish(draft("/a", "2"), keep)
    await first.close()
    expect(folder.open().state(a, keep).kept).toBe(2)
  })

  test("because its file is no database, which is left as it is", async () => {
    await using folder = new Folder()
    const path = join(folder.path, "laba.sqlite")
    writeFileSync(path, "not a database at all".repeat(400))
    const before = readFileSync(path)
    expect(refusal(() => folder.open())).toMatch(/is damaged; nothing in it was changed/)
    expect(readFileSync(path)).toEqual(before)
  })

  test("because it was written by a newer version, or holds somebody else's tables", async () => {
    await using folder = new Folder()
    await folder.open().close()
    const edit = (sql: string) => {
      const database = new Database(join(folder.path, "laba.sqlite"))
      database.run(sql)
      database.close()
    }
    edit("PRAGMA user_version=5")
    expect(refusal(() => folder.open())).toMatch(/has format 5, and this version of Laba knows 4/)
    edit("PRAGMA user_version=4")
    edit("PRAGMA application_id=7")
    expect(refusal(() => folder.open())).toMatch(/is not Laba's/)
  })

  test("because a table is damaged: what reads it answers so, and the rest goes on", async () => {
    await using folder = new Folder()
    const first = folder.open()
    for (let i = 0; i < 400; i++) await first.publish(draft("/a", "x".repeat(1000)), { ...keep, count: 1000 })
    await first.close()
    const path = join(folder.path, "laba.sqlite")
    const file = openSync(path, "r+")
    ftruncateSync(file, Math.floor(statSync(path).size / 2 / 4096) * 4096)
    closeSync(file)
    const said = refusal(() => {
      const engine = folder.open()
      const { epoch } = engine.state(a, keep).tail
      for (let offset = 0; offset < 400; offset++)
        engine.history(a, { epoch, offset }, { ...keep, count: 1000 }, bounds)
    })
    expect(said).toMatch(/^engine_unavailable: .*is damaged/)
  })
})

test("a directory of a format before this one is taken over, with all that is in it", async () => {
  await using folder = new Folder()
  const engine = folder.open()
  const { position } = await engine.publish(draft("/a", "kept"), keep)
  await engine.close()
  const database = new Database(join(folder.path, "laba.sqlite"))
  database.run("ALTER TABLE messages DROP COLUMN headers; DROP INDEX channels_owner")
  database.run("DROP TABLE source_positions; DROP TABLE source_ids")
  database.run("ALTER TABLE channels DROP COLUMN owner; PRAGMA user_version=1")
  database.close()
  const again = folder.open()
  expect(textsOf(await readAll(again, "/a", { ...position, offset: 0 }))).toEqual(["kept"])
  expect((await again.publish(draft("/a", "next", { publisher: "user:7" }), keep)).position.offset).toBe(2)
})

test("what was said beside a payload is there after a restart, from the journal and from the table", async () => {
  await using folder = new Folder()
  const headers = [["x", "y: z\n"]] as const
  for (const text of ["text", Uint8Array.of(0, 255)]) {
    const engine = folder.open()
    await engine.publish(draft("/a", text, { headers, bytes: 100 }), keep)
    await engine.close()
  }
  const engine = folder.open()
  const { tail } = engine.state(a, keep)
  const page = engine.history(a, { ...tail, offset: 0 }, keep, bounds)
  expect("messages" in page && page.messages.map((message) => message.headers as unknown)).toEqual([
    headers,
    headers,
  ])
})

test("who has how much of the budget is known after a restart", async () => {
  await using folder = new Folder()
  const options = { diskBytesMax: 200_000 }
  const first = folder.open(options)
  const publisher = "address:203.0.113.7"
  for (let i = 0; i < 50; i++)
    await first.publish(draft(`/flood/${i}`, "x".repeat(1000), { publisher }), keep)
  for (let i = 0; i < 30; i++) await first.publish(draft(`/others/${i}`, "x".repeat(1000)), keep)
  await first.close()
  const second = folder.open(options)
  for (let i = 0; i < 80; i++) await second.publish(draft(`/more/${i}`, "x".repeat(1000)), keep)
  for (let i = 0; i < 5; i++) await second.runUpkeep()
  const kept = (name: string) => second.state(name as Channel, keep).kept
  expect(Array.from({ length: 30 }, (_, i) => kept(`/others/${i}`)).every((count) => count === 1)).toBe(true)
  expect(
    Array.from({ length: 50 }, (_, i) => kept(`/flood/${i}`)).filter((count) => count === 0).length,
  ).toBeGreaterThan(10)
})

test("what was published of event sources is known after a restart, and so is what was forgotten", async () => {
  await using folder = new Folder()
  const place = (partition: string) => ({ partition, position: "0005", previous: null })
  const window = { count: 2, milliseconds: 60_000 }
  const id = (name: string) => ({ partition: "mail:q", id: name, window })
  const isRepeat = async (engine: ReturnType<Folder["open"]>, source: SourceMark, rule: Keep = keep) =>
    (await engine.publish(draft("/a", "x", { source }), rule)).duplicate
  const first = folder.open()
  expect(await isRepeat(first, place("a:1"))).toBe(false)
  expect(await isRepeat(first, place("b:1"), null)).toBe(false)
  for (const name of ["1", "2", "3"]) expect(await isRepeat(first, id(name))).toBe(false)
  await first.close()
  const second = folder.open()
  for (const name of ["2", "3"]) expect(await isRepeat(second, id(name))).toBe(true)
  expect(await isRepeat(second, id("1"))).toBe(false)
  expect(await isRepeat(second, place("b:1"), null)).toBe(true)
  expect(await isRepeat(second, place("a:1"))).toBe(true)
  await second.forgetSources("a:")
  await second.close()
  const third = folder.open()
  expect(await isRepeat(third, place("a:1"))).toBe(false)
  expect(await isRepeat(third, place("b:1"))).toBe(true)
})
