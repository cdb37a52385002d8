import { expect, test } from "bun:test"
import { BoundedMap } from "./bounded-map.ts"

test("what comes beyond the bound puts out what was set longest ago", () => {
  const map = new BoundedMap<string, number>(2)
  map.set("a", 1).set("b", 2)
  // Set again, it is the newest, and puts nobody out.
  map.set("a", 3)
  expect([...map]).toEqual([
    ["b", 2],
    ["a", 3],
  ])
  map.set("c", 4)
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ])
})

test("stays full at the cost of what it took to fill it", () => {
  const sizeMax = 100_000
  const map = new BoundedMap<number, number>(sizeMax)
  const setFrom = (start: number): number => {
    const startedAt = performance.now()
    for (let at = start; at < start + sizeMax; at++) map.set(at, at)
    return performance.now() - startedAt
  }
  const fillingMs = setFrom(0)
  const replacingMs = setFrom(sizeMax)
  expect([...map.keys()].slice(0, 2)).toEqual([sizeMax, sizeMax + 1])
  // Walking over those that are gone took some hundred times as long.
  expect(replacingMs).toBeLessThan(50 + 20 * fillingMs)
})
