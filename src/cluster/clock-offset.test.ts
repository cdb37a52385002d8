import { expect, test } from "bun:test"
import { ClockOffset } from "./clock-offset.ts"

function compared() {
  const told: string[] = []
  const clock = new ClockOffset((offsetMs, isOff) => void told.push(`${isOff ? "off" : "right"} ${offsetMs}`))
  /** A reading of a clock that is so far ahead, with so long a way there and back. */
  const read = (aheadMs: number, wayMs = 2) =>
    clock.take({ beforeMs: 5000 + aheadMs, otherMs: 5000 + wayMs / 2, afterMs: 5000 + wayMs + aheadMs })
  return { clock, told, read }
}

test("a clock that is a second off is told once, ahead or behind, and that it is right again", () => {
  const { clock, told, read } = compared()
  for (const aheadMs of [0, 999, 1100, 60_000, 700, 400, -1100, 0]) read(aheadMs)
  expect(told).toEqual(["off 1100", "right 400", "off -1100", "right 0"])
  expect(clock.offsetMs).toBe(0)
})

test("an answer that was long under way says nothing", () => {
  const { clock, told, read } = compared()
  read(60_000, 1200)
  expect(clock.offsetMs).toBeNull()
  // The half second that it took may be all of what is beyond the bound.
  read(1300, 800)
  expect(told).toEqual([])
  expect(clock.offsetMs).toBe(1300)
})
