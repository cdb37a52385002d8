import { expect, test } from "bun:test"
import { type Sample, Series } from "./series.ts"

const sample = (at: number, tickets: number): Sample => ({
  ...{ at, tickets, queued: 0, waitlisted: 0, served: 0, sold: 0 },
})

test("rates are growth a second, whatever the distance of two looks", () => {
  const series = new Series()
  for (const [at, tickets] of [
    [10, 0],
    [11, 50],
    [15, 90],
  ] as const)
    series.add(sample(at, tickets))
  expect(series.rates("tickets")).toEqual([null, 50, 10])
})

test("a look that is no later than the last one is none", () => {
  const series = new Series()
  series.add(sample(10, 5))
  series.add(sample(10, 9))
  expect(series.times).toEqual([10])
})

test("it holds five minutes", () => {
  const series = new Series()
  for (let at = 0; at < 1000; at++) series.add(sample(at, at))
  expect(series.times).toHaveLength(300)
  expect(series.times.at(-1)).toBe(999)
})
