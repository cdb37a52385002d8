import { expect, test } from "bun:test"
import { BoundedMap } from "./bounded-map.ts"

test("what comes beyond the bound puts out what was set longest ago", () => {
  const map = new BoundedMap<string, number>(2)
  map.set("a", 1)
  map.set("b", 2)
  // Set again, it is the newest, and puts nobody out.
  map.set("a", 3)
  expect(map.size).toBe(2)
  map.set("c", 4)
  expect(["a", "b", "c"].map((key) => map.get(key))).toEqual([3, undefined, 4])
  expect(map.oldest?.key).toBe("a")
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
  expect(map.oldest?.key).toBe(sizeMax)
  // Walking over those that are gone took some hundred times as long.
  expect(replacingMs).toBeLessThan(50 + 20 * fillingMs)
})
