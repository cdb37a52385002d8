import { expect, test } from "bun:test"
import { LoopLag } from "./loop-lag.ts"

function lagWith(steps: readonly number[]): LoopLag {
  let now = 0
  const lag = new LoopLag({ now: () => now, manual: true })
  for (const step of steps) {
    now += step
    lag.tick()
  }
  return lag
}

test("a loop that is on time has no lag, nor has a timer that is early", () => {
  expect(lagWith([50, 50, 49, 50])).toMatchObject({ lastMs: 0, totalMs: 0, maxMs: 0 })
})

test("a loop that was held is as late as it was held", () => {
  expect(lagWith([50, 170, 50])).toMatchObject({ lastMs: 0, totalMs: 120, maxMs: 120 })
})

test("the largest lag is remembered for two scrapes, and no longer", () => {
  const quiet = (seconds: number): number[] => Array.from({ length: seconds * 20 }, () => 50)
  expect(lagWith([450, ...quiet(20)]).maxMs).toBe(400)
  expect(lagWith([450, ...quiet(31)])).toMatchObject({ maxMs: 0, totalMs: 400 })
})

test("a process that was stopped for an hour tells so, once", () => {
  const lag = lagWith([3_600_000, 50])
  expect(lag.maxMs).toBe(3_599_950)
  expect(lag.lastMs).toBe(0)
})
