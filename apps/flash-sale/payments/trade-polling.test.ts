import { expect, test } from "bun:test"
import type { Sale } from "../book/sale.ts"
import { TradePolling } from "./trade-polling.ts"

const sale = {} as Sale
const second = 1000

test("a trade is looked at some seconds after it was opened, and then less and less often", () => {
  const looks = new TradePolling()
  looks.add("s.1", { sale, number: 1 }, 0)
  const at: number[] = []
  for (let now = 0; now <= 300 * second; now += second) if (looks.take(now).length > 0) at.push(now / second)
  expect(at.slice(0, 3)).toEqual([4, 10, 19])
  const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0))
  expect(waits).toEqual(waits.toSorted((a, b) => a - b))
  expect(waits.at(-1)).toBe(30)
})

test("with more trades than may be asked each has its turn", () => {
  const looks = new TradePolling()
  for (let number = 1; number <= 1000; number++) looks.add(`s.${number}`, { sale, number }, 0)
  const seen = new Set<number>()
  for (let now = 4 * second; seen.size < 1000; now += second) {
    const taken = looks.take(now)
    expect(taken.length).toBeLessThanOrEqual(32)
    expect(now).toBeLessThan(60 * second)
    for (const { number } of taken) seen.add(number)
  }
})

test("who looks at an order has the provider asked, but not with every reload", () => {
  const looks = new TradePolling()
  expect(looks.wish("s.1", 0)).toBe(false)
  looks.add("s.1", { sale, number: 1 }, 0)
  expect([0, 100, 2900, 3000, 3100].map((now) => looks.wish("s.1", now))).toEqual([
    true,
    false,
    false,
    true,
    false,
  ])
  looks.drop("s.1")
  expect(looks.wish("s.1", 9000)).toBe(false)
})
