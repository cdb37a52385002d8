// Whatever is published, forgotten and read, whatever the budgets are, and wherever the process is killed: what was
// acknowledged is there once and in order, and a cursor gets all that followed it or a reset.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { defaultLimits } from "../../wire/limits.ts"
import type { Channel, Keep } from "../../src/channels/channel.ts"
import type { Position } from "../../wire/cursor.ts"
import type { SqliteEngine } from "../../src/engines/sqlite/sqlite-engine.ts"
import { draft, Folder, keyed, readAll } from "../engines/stored.ts"

type Step =
  | { readonly do: "publish"; readonly channel: number; readonly bytes: number; readonly key: number | null }
  /** So many at once, which meet in a commit. */
  | { readonly do: "burst"; readonly channel: number; readonly count: number }
  /** So many of an event source, after some that it gives again. */
  | { readonly do: "source"; readonly channel: number; readonly count: number; readonly again: number }
  | { readonly do: "forget"; readonly channel: number }
  | { readonly do: "read"; readonly channel: number }
  /** Lets the engine file, sweep and copy. */
  | { readonly do: "rest" }
  /** Also between two steps of filing. */
  | { readonly do: "kill"; readonly amidst: boolean }
  | { readonly do: "restart" }

const channel = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      channel,
      bytes: fc.nat(400),
      key: fc.option(fc.nat(3)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("burst" as const),
      channel,
      count: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.constant(300)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("source" as const),
      channel,
      count: fc.integer({ min: 1, max: 30 }),
      again: fc.nat(10),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget" as const), channel }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("read" as const), channel }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("rest" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const), amidst: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
)

const digits = (place: number): string => String(place).padStart(8, "0")

/** What a channel has acknowledged, by the epochs of its lives. */
class Model {
  readonly lives = new Map<string, string[]>()
  readonly positions: Position[] = []
  readonly keys = new Map<number, { text: string; position: Position }>()

  add(position: Position, text: string): void {
    const life = this.lives.get(position.epoch) ?? []
    expect(position.offset).toBe(life.length + 1)
    life.push(text)
    this.lives.set(position.epoch, life)
    this.positions.push(position)
  }

  /** Every cursor that was ever handed out gives all that followed, or says that it cannot. */
  async check(engine: SqliteEngine, name: string, keep: NonNullable<Keep>): Promise<void> {
    const { tail, kept } = engine.state(name as Channel, keep)
    const life = this.lives.get(tail.epoch) ?? []
    expect(tail.offset).toBe(life.length)
    expect(kept).toBeLessThanOrEqual(keep.count)
    const starts = [...this.positions, { epoch: tail.epoch, offset: 0 }]
    for (const position of starts) {
      const read = await readAll(engine, name, position, keep)
      if (position.epoch !== tail.epoch) expect(read).toBe("epoch")
      else if (life.length - position.offset > kept) expect(read).toBe("trimmed")
      else if (typeof read === "string")
        throw new Error(`${read} at ${position.offset} of ${life.length}, ${kept} kept`)
      else expect(read.map(({ data }) => data)).toEqual(life.slice(position.offset))
    }
  }
}

const plan = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 40 }),
  count: fc.constantFrom(1, 5, 50, 1000),
  /** Small ones make the engine push out and fetch again all the time. */
  memoryBytes: fc.constantFrom(1, 3000, 1e8),
  diskBytes: fc.constantFrom(5000, 1e9),
})

test("kept, in order, or a reset", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ steps, count, memoryBytes, diskBytes }) => {
      await using folder = new Folder()
      const keep = { count, bytes: 1e6, timeMs: 3_600_000 }
      const limits = { ...defaultLimits, historyBytesMax: memoryBytes }
      const options = { limits, diskBytesMax: diskBytes }
      let engine = folder.open(options)
      const models = Array.from({ length: 5 }, () => new Model())
      const nameOf = (index: number) => `/c${index}`
      let texts = 0
      let published = 0
      for (const each of steps) {
        if (each.do === "rest") await engine.runUpkeep()
        else if (each.do === "kill") {
          const tending = each.amidst ? engine.runUpkeep() : null
          const copy = folder.copy(engine)
          await tending
          engine = folder.open(options, copy)
        } else if (each.do === "restart") {
          const { directory } = engine
          await engine.close()
          engine = folder.open(options, directory)
        } else {
          const model = models[each.channel] as Model
          const name = nameOf(each.channel)
          if (each.do === "publish") {
            const known = each.key === null ? undefined : model.keys.get(each.key)
            const text = known?.text ?? `${++texts}`.padEnd(each.bytes, ".")
            const made = each.key === null ? draft(name, text) : keyed(name, `k${each.key}`, text)
            const receipt = await engine.publish(made, keep)
            expect(receipt.duplicate).toBe(known !== undefined)
            if (known) expect(receipt.position).toEqual(known.position)
            else model.add(receipt.position, text)
            if (each.key !== null) model.keys.set(each.key, { text, position: receipt.position })
          } else if (each.do === "burst") {
            const burst = Array.from({ length: each.count }, () => `${++texts}`)
            const receipts = await Promise.all(burst.map((text) => engine.publish(draft(name, text), keep)))
            for (const [index, { position }] of receipts.entries())
              model.add(position, burst[index] as string)
          } else if (each.do === "source") {
            const from = Math.max(1, published - each.again + 1)
            const repeats = published - from + 1
            const parts = Array.from({ length: repeats + each.count }, (_, index) => {
              const at = from + index
              const source = { partition: "s", position: digits(at), previous: index ? digits(at - 1) : null }
              return draft(name, `source ${at}`, { source })
            })
            const receipts = await Promise.all(parts.map((part) => engine.publish(part, keep)))
            for (const [index, { duplicate, position }] of receipts.entries()) {
              expect(duplicate).toBe(index < repeats)
              if (!duplicate) model.add(position, `source ${from + index}`)
            }
            published += each.count
          } else if (each.do === "forget") await engine.forget(name as Channel)
          else await model.check(engine, name, keep)
        }
      }
      for (const [index, model] of models.entries()) await model.check(engine, nameOf(index), keep)
    }),
    { numRuns: 60, interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false },
  )
}, 60_000)
