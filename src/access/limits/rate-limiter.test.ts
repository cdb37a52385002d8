import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { nextDue, RateLimiter } from "./rate-limiter.ts"

const passed = (limiter: RateLimiter, name: string, times: readonly number[]): number =>
  times.filter((nowMs) => limiter.take(name, nowMs) === 0).length

describe("a rate limiter", () => {
  test("lets a burst of a second through, and then its rate", () => {
    const limiter = new RateLimiter(10)
    expect(
      passed(
        limiter,
        "a",
        Array.from({ length: 50 }, () => 1000),
      ),
    ).toBe(10)
    expect(
      passed(
        limiter,
        "a",
        Array.from({ length: 50 }, (_, i) => 1000 + i * 20),
      ),
    ).toBe(9)
  })

  test("never lets more through than a burst and its rate, whatever comes when", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 })
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 50 }), (steps, perSecond) => {
        let now = 0
        const times = steps.map((step) => (now += step))
        const most = perSecond + Math.floor((now / 1000) * perSecond) + 1
        expect(passed(new RateLimiter(perSecond), "a", times)).toBeLessThanOrEqual(most)
      }),
    )
  })

  test("lets through at once who did nothing before, at any rate, price and fraction of the clock", () => {
    const double = (max: number) => fc.double({ min: 0.001, max, noNaN: true })
    fc.assert(
      fc.property(double(10), fc.integer({ min: 1, max: 500 }), double(1e7), (perSecond, times, nowMs) => {
        expect(new RateLimiter(perSecond).take("a", nowMs, times)).toBe(0)
        expect(nextDue(0, nowMs, perSecond, times)).not.toBeNull()
      }),
    )
  })

  test("keeps names apart", () => {
    const limiter = new RateLimiter(1)
    expect(limiter.take("a", 0)).toBe(0)
    expect(limiter.take("a", 0)).toBe(1000)
    expect(limiter.take("b", 0)).toBe(0)
  })

  test("gives out turns in the future to who is ready to wait, each its own, and none beyond", () => {
    const limiter = new RateLimiter(2)
    const waits = Array.from({ length: 6 }, () => limiter.takeWithin("a", 0, { waitMsMax: 1000 }))
    expect(waits).toEqual([0, 0, 500, 1000, 1500, 1500])
    // What was refused took nothing.
    expect(limiter.takeWithin("a", 500, { waitMsMax: 1000 })).toBe(1000)
  })

  test("of less than one a second lets one through, and then waits for long", () => {
    const limiter = new RateLimiter(0.1)
    expect(limiter.take("a", 0)).toBe(0)
    expect(limiter.take("a", 9000)).toBe(1000)
    expect(limiter.take("a", 10_000)).toBe(0)
  })

  test("of 0 is no bound and remembers nobody", () => {
    const limiter = new RateLimiter(0)
    expect(
      passed(
        limiter,
        "a",
        Array.from({ length: 1000 }, () => 0),
      ),
    ).toBe(1000)
    expect(limiter.size).toBe(0)
  })

  test("remembers a bounded number of names, and keeps those in use", () => {
    const limiter = new RateLimiter(1)
    limiter.take("busy", 0)
    for (let i = 0; i < 150_000; i++) {
      limiter.take(`flood ${i}`, 0)
      if (i % 1000 === 0) limiter.takeWithin("busy", 0, { waitMsMax: 1e9 })
    }
    expect(limiter.size).toBeLessThanOrEqual(100_000)
    expect(limiter.take("busy", 0)).toBeGreaterThan(0)
  })
})

test("one name's number goes the same way as a table's", () => {
  const times = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 100 })
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 20 }), (steps, perSecond) => {
      const limiter = new RateLimiter(perSecond)
      let [due, now] = [0, 0]
      for (const step of steps) {
        now += step
        const next = nextDue(due, now, perSecond)
        expect(next !== null).toBe(limiter.take("a", now) === 0)
        due = next ?? due
      }
    }),
  )
})
