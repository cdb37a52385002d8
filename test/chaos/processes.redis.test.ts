// One short run with nodes that are processes: Redis is flushed, a node is killed, and at the end another with its users.
// `test/chaos/processes/run.ts` runs as many seeds as there is time for.
import { expect, test } from "bun:test"
import { processesRun } from "./processes/campaign.ts"

test("seed 8 with real processes: nothing heard is lost or doubled, every end is told once, who is dead leaves the room", async () => {
  const report = await processesRun({ seed: 8, faults: 2, longestMs: 1000 })
  expect(report.findings).toEqual([])
  expect(report.faults.slice(0, 2)).toEqual(["Redis is flushed", "a node is killed"])
  expect(report.answered).toBeGreaterThan(0)
  expect(report.heard).toBeGreaterThan(0)
  expect(report.registered).toBeGreaterThan(0)
}, 300_000)
