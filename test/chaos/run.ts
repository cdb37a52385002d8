// Nodes, links and Redis break at random: is anything lost without a word, doubled or out of order?
// Prints a JSON line a run and exits with 1 when something was; a seed whose Redis failed is told of as untried. `--seed 17 --seeds 1` repeats a run.
import { readFlags } from "../../bench/measure/flags.ts"
import { exitOf, runSeeds } from "../campaigns/seeds.ts"
import { chaosRun } from "./campaign.ts"
import type { Kind } from "./faults.ts"

const flags = readFlags({
  seeds: 200,
  /** The first of them. */
  seed: 1,
  /** `single`, `sentinel`, `cluster`, or `all`: of ten runs seven, two and one. */
  kind: "all",
  faults: 6,
  /** How long a pause or a cut lasts at most, in milliseconds. */
  longest: 1500,
  /** After which no run is begun. */
  minutes: 90,
})

/** A run takes seconds, where servers have to agree a minute, and has several times a minute to come to rest. */
const runMinutesMax = 10

const kindOf = (seed: number): Kind => {
  if (flags.kind !== "all") return flags.kind as Kind
  if (seed % 10 === 0) return "cluster"
  return seed % 10 === 4 || seed % 10 === 7 ? "sentinel" : "single"
}

const summary = await runSeeds({
  seeds: Array.from({ length: flags.seeds }, (_, at) => flags.seed + at),
  minutes: flags.minutes,
  runMinutesMax,
  async run(seed) {
    const options = { seed, kind: kindOf(seed), faults: flags.faults, longestMs: flags.longest }
    const report = await chaosRun(options)
    return { report, findings: report.findings }
  },
})
console.log(JSON.stringify({ chaos: "end", first: flags.seed, ...summary }))
process.exit(exitOf(summary))
