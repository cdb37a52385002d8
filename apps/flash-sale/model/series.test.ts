import { expect, test } from "bun:test"
import type { Sample } from "./wire/api.ts"
import { Series } from "./series.ts"

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

test("it holds ten minutes", () => {
  const series = new Series()
  for (let at = 0; at < 1000; at++) series.add(sample(at, at))
  expect(series.times).toHaveLength(600)
  expect(series.times.at(-1)).toBe(999)
})

test("after a gap it takes what the shop has seen meanwhile, and nothing twice", () => {
  const [series, shop] = [new Series(), new Series()]
  expect(series.lacks(10)).toBe(true)
  for (let at = 1; at <= 10; at++) series.add(sample(at, at))
  for (let at = 5.5; at <= 30; at++) shop.add(sample(at, at))
  expect(series.lacks(12)).toBe(false)
  expect(series.lacks(31)).toBe(true)
  series.catchUp(shop.samples)
  expect(series.times.slice(8, 12)).toEqual([9, 10, 10.5, 11.5])
  expect(series.times.at(-1)).toBe(29.5)
})
