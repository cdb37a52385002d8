import { expect, test } from "bun:test"
import { Latency } from "./latency.ts"

test("finds percentiles within four percent, and the largest exactly", () => {
  const latency = new Latency()
  for (let ms = 1; ms <= 1000; ms++) latency.add(ms)
  expect(latency.percentileMs(0.5) / 500).toBeWithin(0.999, 1.041)
  expect(latency.percentileMs(0.99) / 990).toBeWithin(0.999, 1.041)
  expect(latency.maxMs).toBe(1000)
})

test("has no percentile when nothing was measured", () => {
  expect(new Latency().percentileMs(0.5)).toBeNaN()
})
