// Ten short seeds of the chaos campaign; `test/chaos/run.ts` runs as many as there is time for.
import { expect, test } from "bun:test"
import { chaosRun } from "./campaign.ts"
import type { Kind } from "./faults.ts"

/** A guard against hanging; they take some three seconds each, and ten where servers have to agree on a new master. */
const deadlineMs = 180_000

const runs: readonly (readonly [seed: number, kind: Kind, faults: number])[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((seed) => [seed, "single", 5] as const),
  [9, "sentinel", 1],
  [10, "cluster", 1],
]

for (const [seed, kind, faults] of runs) {
  test(
    `seed ${seed} on ${kind} Redis: nothing is lost without a word, doubled or out of order`,
    async () => {
      const report = await chaosRun({ seed, kind, faults, longestMs: 700 })
      expect(report.findings).toEqual([])
      expect(report.answered).toBeGreaterThan(0)
      expect(report.heard).toBeGreaterThan(0)
    },
    deadlineMs,
  )
}
