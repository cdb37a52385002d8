import { expect, test } from "bun:test"
import { WaitShown } from "./wait-shown.ts"

test("the time to wait never climbs, whatever the pace does", () => {
  const wait = new WaitShown()
  let last = Infinity
  for (const [at, served, perSecond] of [
    [0, 0, 10],
    [1000, 10, 2],
    [2000, 11, 0.5],
    [3000, 11, 50],
    [4000, 60, 20],
  ] as const) {
    const seconds = wait.seconds(101, { served, perSecond }, at) as number
    expect(seconds).toBeLessThanOrEqual(last)
    last = seconds
  }
})

test("between two measurements it counts down", () => {
  const wait = new WaitShown()
  const pace = { served: 0, perSecond: 1 }
  expect(wait.seconds(60, pace, 0)).toBe(60)
  expect(wait.seconds(60, pace, 10_000)).toBe(50)
})

test("what the server promised bounds it, and another turn is another wait", () => {
  const wait = new WaitShown()
  wait.promise(60, 20, 0)
  expect(wait.seconds(60, { served: 0, perSecond: 1 }, 5000)).toBe(15)
  expect(wait.seconds(90, { served: 0, perSecond: 1 }, 5000)).toBe(90)
})

test("a promise that has run out is late, and says so instead of climbing", () => {
  const wait = new WaitShown()
  expect(wait.seconds(100, { served: 0, perSecond: 100 }, 0)).toBe(1)
  const slow = { served: 10, perSecond: 2 }
  expect(wait.isLate(100, slow, 500)).toBe(false)
  expect(wait.seconds(100, slow, 2000)).toBe(0)
  expect(wait.isLate(100, slow, 2000)).toBe(true)
  expect(wait.isLate(100, { served: 95, perSecond: 2 }, 2000)).toBe(false)
})

test("nothing is said while nothing is known, and zero when the turn has come", () => {
  const wait = new WaitShown()
  expect(wait.seconds(5, { served: 0, perSecond: null }, 0)).toBeNull()
  expect(wait.seconds(5, { served: 5, perSecond: null }, 0)).toBe(0)
})
