// One short run with nodes that are processes: Redis is flushed and killed, a node is killed, listeners are cut off, and at the end
// another node is killed with its users.
// `test/chaos/processes/run.ts` runs as many seeds as there is time for.
import { expect, test } from "bun:test"
import { processesRun } from "./processes/campaign.ts"

test("seed 16 with real processes: nothing heard is lost or doubled, every end is told once, who is dead leaves the room", async () => {
  const report = await processesRun({ seed: 16, faults: 4, longestMs: 1000 })
  expect(report.findings).toEqual([])
  expect(report.faults.slice(0, 4)).toEqual([
    "Redis is flushed",
    expect.stringContaining("Redis is killed"),
    "a node is killed",
    "the listeners of a node are cut off",
  ])
  expect(report.answered).toBeGreaterThan(0)
  expect(report.heard).toBeGreaterThan(0)
  expect(report.registered).toBeGreaterThan(0)
}, 300_000)
