import { expect, test } from "bun:test"
import fc from "fast-check"
import { waitAfter, waitMs } from "./backoff.ts"

const backoff = { minMs: 500, maxMs: 20_000 }

test("[E4] waits between half a second and a bound that doubles up to 20 s", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => waitMs(backoff, failures, () => 1))
  expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000])
  expect(waitMs(backoff, 5, () => 0)).toBe(500)
})

test("[E7] waits as long as it was told, and then its own while: no two of a crowd alike", () => {
  const told = { retryAfterMs: 5_000 }
  const waits = [0, 0.25, 0.5, 1].map((random) => waitAfter(told, backoff, 1, () => random))
  expect(waits).toEqual([5_500, 5_625, 5_750, 6_000])
  expect(waitAfter(null, backoff, 1, () => 1)).toBe(1_000)
})

test("never waits outside of its bounds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => {
        const ms = waitMs(backoff, failures, () => random)
        return ms >= 500 && ms <= 20_000
      },
    ),
  )
})
