import { expect, test } from "bun:test"
import { type BudgetOwner, SharedBudget } from "./shared-budget.ts"

const fill = (budget: SharedBudget, owner: BudgetOwner): number => {
  let taken = 0
  for (; budget.hasRoomFor(owner, 10); taken += 10) budget.take(owner, 10)
  return taken
}

test("one owner leaves a half to others, and gets its own back", () => {
  const budget = new SharedBudget(() => 6400)
  expect(fill(budget, "a")).toBe(3200)
  expect(fill(budget, "b")).toBe(1600)
  budget.giveBack("a", 3200)
  expect(fill(budget, "a")).toBeGreaterThan(1600)
})

test("who may have all has all, and no more", () => {
  const budget = new SharedBudget(() => 100)
  expect(fill(budget, null)).toBe(100)
  budget.giveBack(null, 100)
  expect(budget.used).toBe(0)
})
