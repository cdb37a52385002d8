import { expect, test } from "bun:test"
import { BackOff } from "./back-off.ts"

test("waits longer after each failure, up to a second, and forgets after a quiet while", () => {
  const backOff = new BackOff()
  const waits: number[] = []
  let now = 1_800_000_000_000
  const fail = (): void => {
    const failedAt = now
    backOff.failed(new Error("full"), now)
    while (backOff.holds(now)) now += 10
    waits.push(now - failedAt)
  }
  for (let failure = 0; failure < 8; failure++) fail()
  expect(waits).toEqual([0, 50, 100, 200, 400, 800, 1000, 1000])
  now += 6000
  fail()
  fail()
  expect(waits.slice(8)).toEqual([0, 50])
})

test("answers with what failed, without asking the disk again", () => {
  const backOff = new BackOff()
  backOff.check(0)
  backOff.failed(new Error("by chance"), 0)
  backOff.check(0)
  backOff.failed(new Error("full"), 0)
  expect(() => backOff.check(49)).toThrow("full")
  backOff.check(50)
})
