// Nodes, links and Redis break at random: is anything lost without a word, doubled or out of order?
// Prints a JSON line a run and exits with 1 when something was. `--seed 17 --seeds 1` repeats a run.
import { readFlags } from "../../bench/measure/flags.ts"
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
})

const kindOf = (seed: number): Kind => {
  if (flags.kind !== "all") return flags.kind as Kind
  if (seed % 10 === 0) return "cluster"
  return seed % 10 === 4 || seed % 10 === 7 ? "sentinel" : "single"
}

let findings = 0
const startedAt = performance.now()
for (let seed = flags.seed; seed < flags.seed + flags.seeds; seed++) {
  const report = await chaosRun({
    seed,
    kind: kindOf(seed),
    faults: flags.faults,
    longestMs: flags.longest,
  })
  console.log(JSON.stringify(report))
  findings += report.findings.length
}
const minutes = Math.round((performance.now() - startedAt) / 6000) / 10
console.log(JSON.stringify({ chaos: "end", seeds: flags.seeds, first: flags.seed, findings, minutes }))
process.exit(findings > 0 ? 1 : 0)
