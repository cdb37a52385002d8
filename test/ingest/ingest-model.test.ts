// Whatever fails, is lost, comes late, is handed over again or begins anew: each message is published once, in its key's order.
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { IngestRunner } from "../../src/ingest/ingest-runner.ts"
import { generator } from "./generator.ts"
import { MarkedEngine } from "./marked-engine.ts"
import { ScriptedBroker } from "./scripted-source.ts"
import { settledAll, stage } from "./stage.ts"

const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant("write" as const),
      partition: fc.nat(2),
      keys: fc.array(fc.nat(4), { maxLength: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("rebalance" as const), partition: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("restart" as const), drains: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("outage" as const), turns: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("pass" as const), turns: fc.nat(5) }) },
)

type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

interface Settings {
  readonly seed: number
  readonly percentFailing: number
  readonly parts: number
  readonly inFlight: number
  readonly positions: boolean
  readonly readers: number
}

const runOf = async (
  happenings: readonly Happening[],
  { seed, percentFailing, parts, inFlight, positions, readers }: Settings,
) => {
  const random = generator(seed)
  const engine = new MarkedEngine({ random, parts })
  engine.percentFailing = percentFailing
  const broker = new ScriptedBroker()
  const { begin } = stage({
    broker,
    engine,
    random,
    route: { to: ["/orders/{key}", "/all/{key}"], id: positions ? null : "{body}" },
    config: { inFlight: { messages: inFlight, bytes: 1_000_000 }, kind: { ...broker.kind(), positions } },
  })
  // A second one is a reader that does not know that its partitions are another's.
  let runners: IngestRunner[] = Array.from({ length: readers }, () => begin())
  const endAll = async (drainMs: number): Promise<void> => {
    await Promise.all(runners.map((runner) => runner.stop(drainMs)))
    runners = []
  }
  const faults: string[] = []
  const expected = new Map<string, string[]>()
  let written = 0
  for (const one of happenings) {
    if (one.what === "write") {
      for (const number of one.keys) {
        // A key belongs to one partition, as in every broker.
        const key = `${one.partition}-${number}`
        const body = String(written++)
        for (const channel of [`/orders/${key}`, `/all/${key}`])
          expected.set(channel, [...(expected.get(channel) ?? []), body])
        broker.write(`p${one.partition}`, { key, body })
      }
    } else if (one.what === "rebalance") {
      await broker.opened[0]?.rebalance([`p${one.partition}`])
    } else if (one.what === "restart") {
      faults.push(...broker.opened.flatMap((source) => source.faults))
      await endAll(one.drains ? 1000 : 0)
      runners = Array.from({ length: readers }, () => begin())
    } else {
      engine.away = one.what === "outage"
      await turns(one.turns)
      engine.away = false
    }
  }
  engine.percentFailing = Math.min(percentFailing, 20)
  await settledAll(broker)
  // What nobody waits for any more is carried out, too.
  await turns(20)
  faults.push(...broker.opened.flatMap((source) => source.faults))
  await endAll(1000)
  // Two who read the same settle it twice.
  if (readers === 1) expect(faults).toEqual([])
  const sorted = (map: Map<string, string[]>) => [...map].filter(([, list]) => list.length > 0).sort()
  expect(sorted(engine.published)).toEqual(sorted(expected))
}

test("[I1, I2, I5] nothing is lost, published twice or out of its key's order, whatever fails", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 40 }),
      fc.record({
        seed: fc.nat(),
        percentFailing: fc.constantFrom(0, 5, 30, 60),
        parts: fc.constantFrom(1, 3),
        inFlight: fc.constantFrom(1, 5, 100),
        kept: fc.constantFrom(
          { positions: true, readers: 1 },
          { positions: true, readers: 2 },
          { positions: false, readers: 1 },
        ),
      }),
      (happenings, { kept, ...settings }) => runOf(happenings, { ...settings, ...kept }),
    ),
    { numRuns: Number(process.env["INGEST_RUNS"] ?? 150) },
  )
}, 60_000)
