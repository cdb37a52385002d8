// What every engine must do for event sources: each of their messages is published once, and none is passed over.
import { describe, expect, test } from "bun:test"
import { parseChannel } from "../../src/channels/name.ts"
import type { Keep } from "../../src/channels/channel.ts"
import { SourceGap } from "../../src/engines/source-mark.ts"
import { draft, type EngineMaker, keep, open } from "./contract-stage.ts"

const at = (position: number, previous: number | null = null, partition = "orders:topic-1") => ({
  partition,
  position: digits(position),
  previous: previous === null ? null : digits(previous),
})

const digits = (position: number): string => String(position).padStart(16, "0")

const known = (id: string, window = { count: 100, milliseconds: 60_000 }) => ({
  partition: "mail:queue",
  id,
  window,
})

export function sourceContract(name: string, maker: EngineMaker): void {
  const start = () => open(maker)
  const a = parseChannel("/a", "body")

  for (const [words, rule] of [
    ["", keep],
    [", on a channel without history", null],
  ] as readonly (readonly [string, Keep])[]) {
    describe(`engine ${name} for event sources${words}`, () => {
      test("publishes a source's message once, and says where the channel stands to a repeat", async () => {
        await using t = await start()
        await t.engine.listen(a, rule)
        const first = await t.engine.publish(draft("/a", "1", { source: at(1) }), rule)
        expect(first.duplicate).toBe(false)
        const again = await t.engine.publish(draft("/a", "1", { source: at(1) }), rule)
        expect(again).toMatchObject({ duplicate: true, position: first.position })
        const older = await t.engine.publish(draft("/a", "0", { source: at(0) }), rule)
        expect(older.duplicate).toBe(true)
        await t.engine.publish(draft("/a", "2", { source: at(2, 1) }), rule)
        const heard = await t.events.receive(2)
        expect(heard.map(({ data }) => data)).toEqual(["1", "2"])
      })

      test("publishes nothing that follows what was not published, also among many at once", async () => {
        await using t = await start()
        await t.engine.listen(a, rule)
        const refused = await Promise.allSettled([
          t.engine.publish(draft("/a", "1", { source: at(1) }), rule),
          // 2 is missing.
          publish(() => t.engine.publish(draft("/a", "3", { source: at(3, 2) }), rule)),
          publish(() => t.engine.publish(draft("/a", "4", { source: at(4, 3) }), rule)),
        ])
        expect(refused.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"])
        for (const each of refused.slice(1)) {
          expect((each as PromiseRejectedResult).reason).toBeInstanceOf(SourceGap)
        }
        const rest = [2, 3, 4].map((n) =>
          t.engine.publish(draft("/a", String(n), { source: at(n, n - 1) }), rule),
        )
        for (const receipt of await Promise.all(rest)) expect(receipt.duplicate).toBe(false)
        const heard = await t.events.receive(4)
        expect(heard.map(({ data }) => data)).toEqual(["1", "2", "3", "4"])
      })

      test("knows a repeat of what is still on its way", async () => {
        await using t = await start()
        await t.engine.listen(a, rule)
        const both = await Promise.all([
          t.engine.publish(draft("/a", "1", { source: at(1) }), rule),
          t.engine.publish(draft("/a", "1", { source: at(1) }), rule),
        ])
        expect(both.map(({ duplicate }) => duplicate)).toEqual([false, true])
        await t.events.receive(1)
      })

      test("keeps the marks of partitions apart", async () => {
        await using t = await start()
        await t.engine.publish(draft("/a", "x", { source: at(9) }), rule)
        const other = await t.engine.publish(
          draft("/a", "y", { source: at(1, null, "orders:topic 2") }),
          rule,
        )
        expect(other.duplicate).toBe(false)
      })

      test("knows a message by its id for as long as its window says", async () => {
        await using t = await start()
        const once = async (id: string, window?: { count: number; milliseconds: number }) =>
          (await t.engine.publish(draft("/a", id, { source: known(id, window) }), rule)).duplicate
        expect(await once("0 b")).toBe(false)
        expect(await once("0 b")).toBe(true)
        const few = { count: 2, milliseconds: 60_000 }
        for (const id of ["1", "2"]) expect(await once(id, few)).toBe(false)
        // Two are remembered, and it is not one of them; of one millisecond Redis drops the lowest first.
        expect(await once("0 b", few)).toBe(false)
        const short = { count: 100, milliseconds: 100 }
        expect(await once("short", short)).toBe(false)
        await Bun.sleep(150)
        expect(await once("short", short)).toBe(false)
      })

      test("publishes again what it was told to forget, and of one source alone", async () => {
        await using t = await start()
        await t.engine.publish(draft("/a", "x", { source: at(5) }), rule)
        await t.engine.publish(draft("/a", "x", { source: at(5, null, "other:1") }), rule)
        await t.engine.forgetSources("orders:")
        const again = await t.engine.publish(draft("/a", "x", { source: at(5) }), rule)
        expect(again.duplicate).toBe(false)
        const other = await t.engine.publish(draft("/a", "x", { source: at(5, null, "other:1") }), rule)
        expect(other.duplicate).toBe(true)
      })
    })
  }
}

/** What throws at once is a rejection too. */
async function publish<T>(act: () => T | Promise<T>): Promise<T> {
  return act()
}
