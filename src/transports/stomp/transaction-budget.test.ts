import { expect, test } from "bun:test"
import { TransactionBudget } from "./transaction-budget.ts"

const all = 64 * 100

test("one address leaves a half to others, and gets its own back", () => {
  const budget = new TransactionBudget(() => 100)
  const fill = (publisher: `address:${string}`): number => {
    let taken = 0
    for (; taken <= all; taken += 10)
      try {
        budget.take(publisher, 10)
      } catch {
        break
      }
    return taken
  }
  expect(fill("address:a")).toBe(all / 2)
  expect(fill("address:b")).toBe(all / 4)
  budget.giveBack("address:a", all / 2)
  expect(fill("address:a")).toBeGreaterThan(all / 4)
})

test("a key may have all of it, and no more", () => {
  const budget = new TransactionBudget(() => 100)
  budget.take("key:relay", all)
  expect(() => budget.take("key:relay", 1)).toThrow("Too much waits")
  expect(() => budget.take(undefined, 1)).toThrow("Too much waits")
})
