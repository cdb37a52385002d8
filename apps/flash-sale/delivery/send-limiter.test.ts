import { expect, test } from "bun:test"
import { SendLimiter } from "./send-limiter.ts"

/** Lets as many go as may, and has them arrive. Answers how many went. */
function round(leisure: SendLimiter, now: number, tookMs: number): number {
  let went = 0
  while (leisure.allows(now) && went < 100_000) {
    leisure.left()
    went++
  }
  for (let one = 0; one < went; one++) leisure.arrived(tookMs, now + tookMs)
  return went
}

test("more and more may go while Laba answers as fast as it can, up to the most", () => {
  const leisure = new SendLimiter({ most: 200, yields: true })
  const rounds = [0, 10, 20, 30, 40].map((now) => round(leisure, now, 5))
  expect(rounds).toEqual([32, 64, 128, 200, 200])
})

test("fewer go when answers come late, once for all that were sent together, and never none", () => {
  const leisure = new SendLimiter({ most: 1000, yields: true })
  for (let now = 0; now < 60; now += 10) round(leisure, now, 5)
  expect(round(leisure, 100, 200)).toBe(1000)
  expect(round(leisure, 400, 200)).toBe(500)
  for (let now = 700; now < 5000; now += 300) round(leisure, now, 200)
  expect(round(leisure, 5000, 200)).toBe(32)
})

test("a Laba that is far is not late", () => {
  const leisure = new SendLimiter({ most: 1000, yields: true })
  let most = 0
  for (let now = 0; now < 100_000; now += 200) most = round(leisure, now, 120)
  expect(most).toBe(1000)
})

test("a Laba that has moved farther away is not late for ever", () => {
  const leisure = new SendLimiter({ most: 1000, yields: true })
  round(leisure, 0, 5)
  let most = 0
  for (let now = 1000; now < 200_000; now += 200) most = round(leisure, now, 120)
  expect(most).toBe(1000)
})

test("while a crowd clicks few go, but some do; after it all may again", () => {
  const leisure = new SendLimiter({ most: 8192, yields: true })
  for (let now = 0; now < 100; now += 10) round(leisure, now, 5)
  let went = 0
  for (let now = 1000; now < 2000; now += 10) {
    for (let click = 0; click < 200; click++) leisure.clicked(now)
    const more = round(leisure, now, 5)
    // It takes a moment to see that it is a crowd.
    if (now >= 1250) went += more
  }
  expect(went).toBeGreaterThan(1000)
  expect(went).toBeLessThanOrEqual(2000)
  expect(round(leisure, 3000, 5)).toBeGreaterThan(1000)
})

test("where nobody knows who listens a crowd is told as it comes", () => {
  const leisure = new SendLimiter({ most: 8192, yields: false })
  let went = 0
  for (let now = 0; now < 2000; now += 10) {
    for (let click = 0; click < 200; click++) leisure.clicked(now)
    went += round(leisure, now, 5)
  }
  expect(went).toBeGreaterThan(40_000)
})
