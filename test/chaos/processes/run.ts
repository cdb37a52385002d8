// The same with nodes that are processes, killed by kill -9, their hooks, users and rooms.
// Prints a JSON line a run and exits with 1 when anything was found; a seed whose Redis failed is told of as untried. The first run has one pause of Redis, as long as `--pause` says.
import { readFlags } from "../../../bench/measure/flags.ts"
import { exitOf, runSeeds } from "../../campaigns/seeds.ts"
import { processesRun } from "./campaign.ts"

const flags = readFlags({
  seeds: 30,
  /** The first of them. */
  seed: 1,
  faults: 5,
  /** How long Redis stands still or is away at most, in milliseconds: longer than the nodes' leases of 2 s. */
  longest: 4000,
  /** How long it stands still in the run before the seeds, in milliseconds; 0 for none. */
  pause: 30_000,
  /** After which no run is begun. */
  minutes: 45,
})

/** A run takes half a minute, and has several times a minute to come to rest. */
const runMinutesMax = 10

const seeds = Array.from({ length: flags.seeds }, (_, at) => flags.seed + at)
const summary = await runSeeds({
  seeds: flags.pause > 0 ? [0, ...seeds] : seeds,
  minutes: flags.minutes,
  runMinutesMax,
  async run(seed) {
    const options = { seed, faults: flags.faults, longestMs: flags.longest }
    const report = await processesRun(seed === 0 ? { ...options, pauseMs: flags.pause } : options)
    return { report, findings: report.findings }
  },
})
console.log(JSON.stringify({ chaos: "end of processes", first: flags.seed, ...summary }))
process.exit(exitOf(summary))
