import { expect, test } from "bun:test"
import { Throttle } from "./throttle.ts"

test("ten of a kind pass in a second, and the next that passes tells how many did not", () => {
  let now = 0
  const throttle = new Throttle(() => now)
  const passed = Array.from({ length: 25 }, () => throttle.pass("refused"))
  expect(passed).toEqual([...Array<number>(10).fill(0), ...Array<null>(15).fill(null)])
  expect(throttle.pass("other")).toBe(0)
  now = 999
  expect(throttle.pass("refused")).toBeNull()
  now = 1000
  expect(throttle.pass("refused")).toBe(16)
  expect(throttle.pass("refused")).toBe(0)
})
