import { expect, test } from "bun:test"
import { spreadOf, spreadOfRatios } from "./spread.ts"

test("takes the middle figure, and the mean of the two in the middle", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 })
  expect(spreadOf([Number.NaN]).median).toBeNaN()
})

test("compares within a round, so that a slow machine in one round changes no ratio", () => {
  expect(spreadOfRatios([2, 20, 4], [1, 10, 2])).toEqual({ median: 2, min: 2, max: 2 })
})
