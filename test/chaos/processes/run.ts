// The same with nodes that are processes, killed by kill -9, their hooks, users and rooms.
// Prints a JSON line a run and exits with 1 when anything was found. The first run has one pause of Redis, as long as `--pause` says.
import { readFlags } from "../../../bench/measure/flags.ts"
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
})

let findings = 0
const startedAt = performance.now()
const runs = Array.from({ length: flags.seeds }, (_, at) => ({ seed: flags.seed + at }))
const all = flags.pause > 0 ? [{ seed: 0, pauseMs: flags.pause }, ...runs] : runs
for (const run of all) {
  const report = await processesRun({ ...run, faults: flags.faults, longestMs: flags.longest })
  console.log(JSON.stringify(report))
  findings += report.findings.length
}
const minutes = Math.round((performance.now() - startedAt) / 6000) / 10
console.log(
  JSON.stringify({ chaos: "end of processes", runs: all.length, first: flags.seed, findings, minutes }),
)
process.exit(findings > 0 ? 1 : 0)
