// Brokers, nodes, engines are killed with -9 in the middle of 20,000 messages of each source: is one lost, published twice, out of order?
// Prints a JSON line a run and exits with 1 when something was. `--source kafka --engine redis --seed 17 --seeds 1` repeats a run.
import { readFlags } from "../../bench/measure/flags.ts"
import { exitOf, runSeeds } from "../campaigns/seeds.ts"
import { needs } from "../needs.mjs"
import { drivers } from "./drivers/drivers.ts"
import { generator } from "./generator.ts"
import type { EngineName } from "./ingest-nodes.ts"
import { storm } from "./storm.ts"

const flags = readFlags({
  messages: 20_000,
  /** Of each source and engine. */
  seeds: 2,
  /** The first of them. */
  seed: 1,
  /** One of them, or `all`. */
  source: "all",
  /** `sqlite`, `redis` or `all`. */
  engine: "all",
  /** After which no run is begun. */
  minutes: 60,
})

const runMinutesMax = 10

const chosen = <T extends string>(flag: string, all: readonly T[]): readonly T[] =>
  flag === "all" ? all : all.filter((name) => name === flag)

let found = 0
for (const source of chosen(flags.source, Object.keys(drivers))) {
  const driver = drivers[source]
  const finders = needs as unknown as Record<
    string,
    { readonly missing: string; find(): Record<string, string> | null }
  >
  const need = driver && finders[driver.needs]
  const environment = need?.find()
  if (!driver || !environment) {
    console.log(JSON.stringify({ ingest: source, untried: `there is ${need?.missing}` }))
    continue
  }
  Object.assign(process.env, environment)
  for (const engine of chosen<EngineName>(flags.engine, ["sqlite", "redis"])) {
    const summary = await runSeeds({
      seeds: Array.from({ length: flags.seeds }, (_, at) => flags.seed + at),
      minutes: flags.minutes,
      runMinutesMax,
      async run(seed) {
        await using started = await driver.start()
        const result = await storm(started, { engine, messages: flags.messages, random: generator(seed) })
        const { lost, twice, outOfOrder, faults, ...rest } = result
        const wrong = Object.entries({ lost, twice, outOfOrder }).filter(([, count]) => count > 0)
        return {
          report: { ingest: source, engine, seed, ...rest, lost, twice, outOfOrder, faults: faults.length },
          findings: wrong.map(([what, count]) => `${what}: ${count}`),
        }
      },
    })
    found = Math.max(found, exitOf(summary))
    console.log(JSON.stringify({ ingest: "end", source, engine, ...summary }))
  }
}
process.exit(found)
