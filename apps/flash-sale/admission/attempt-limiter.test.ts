import { expect, test } from "bun:test"
import { AttemptLimiter } from "./attempt-limiter.ts"

const limits = { attemptsMax: 4, windowMs: 1000, countedMax: 8192 }

function paced(given = limits) {
  const clock = { now: 50_000 }
  const pace = new AttemptLimiter(given, () => clock.now)
  const times = (count: number, name = "ann"): number[] =>
    Array.from({ length: count }, () => pace.attempt(name))
  return { clock, times }
}

test("so many attempts are welcome, and the next ones are told how long to wait", () => {
  const { times } = paced({ ...limits, windowMs: 5000 })
  expect(times(6)).toEqual([0, 0, 0, 0, 5, 5])
  expect(times(1, "ben")).toEqual([0])
})

test("who waits as long as they were told is welcome again", () => {
  const { clock, times } = paced()
  times(4)
  clock.now += 2000
  expect(times(4)).toEqual([0, 0, 0, 0])
})

test("the end of a window is no loophole: what was tried before it counts for a while", () => {
  const { clock, times } = paced()
  times(1)
  clock.now += 900
  expect(times(3)).toEqual([0, 0, 0])
  clock.now += 200
  expect(times(1)).toEqual([1])
  clock.now += 900
  expect(times(2)).toEqual([0, 0])
})

test("a crowd of made-up names ends the window and slows nobody else down", () => {
  const { times } = paced({ ...limits, attemptsMax: 10, countedMax: 1000 })
  for (let at = 0; at < 20_000; at++) expect(times(1, `name-${at}`)).toEqual([0])
})

test("a window that has ended early counts in full until its time is over", () => {
  const { times } = paced({ ...limits, countedMax: 8 })
  times(4)
  for (let at = 0; at < 5; at++) times(1, `name-${at}`)
  expect(times(1)).toEqual([1])
})

test("a thousand who hammer slow down nobody but themselves", () => {
  const { times } = paced({ ...limits, countedMax: 8192 })
  for (let at = 0; at < 1000; at++) times(5, `script-${at}`)
  for (let at = 0; at < 2000; at++) expect(times(1, `person-${at}`)).toEqual([0])
  expect(times(1, "script-7")).toEqual([1])
})
