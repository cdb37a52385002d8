import { expect, test } from "bun:test"
import { Roll } from "./roll.ts"

const rollOf = (count: number): Roll<number, string> => {
  const roll = new Roll<number, string>()
  for (let i = 0; i < count; i++) roll.set(i, `item ${i}`)
  return roll
}

function callAll(roll: Roll<number, string>, limit: number, between: (page: number) => void = () => {}) {
  const seen: string[] = []
  let pages = 0
  for (let from: number | null = 0; from !== null;) {
    const page: { items: readonly string[]; next: number | null } = roll.page(from, limit)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    seen.push(...page.items)
    from = page.next
    between(pages++)
  }
  return { seen, pages }
}

test("calls everybody once, a page at a time", () => {
  const { seen, pages } = callAll(rollOf(25), 10)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `item ${i}`))
  expect(pages).toBe(3)
})

test("a full last page has no empty page behind it", () => {
  expect(rollOf(10).page(0, 10).next).toBeNull()
  expect(new Roll<number, string>().page(0, 10)).toEqual({ items: [], next: null })
})

test("whoever stays is called exactly once, whoever comes and goes meanwhile", () => {
  const roll = rollOf(100)
  let newcomer = 1000
  const { seen } = callAll(roll, 7, (page) => {
    for (let i = 0; i < 3; i++) roll.delete(page * 5 + i * 2 + 1)
    roll.set(newcomer++, "new")
  })
  const stayed = Array.from({ length: 100 }, (_, i) => `item ${i}`).filter(
    (_, i) => roll.get(i) !== undefined,
  )
  expect(stayed.length).toBeGreaterThan(40)
  for (const item of stayed) expect(seen.filter((one) => one === item)).toHaveLength(1)
})

test("looks at a bounded number of slots, also when nearly all have emptied", () => {
  const roll = rollOf(25_000)
  for (let i = 0; i < 24_999; i++) roll.delete(i)
  expect(roll.page(0, 100)).toEqual({ items: [], next: 10_000 })
  expect(callAll(roll, 100).seen).toEqual(["item 24999"])
})

test("fills the slots that have emptied, and begins anew when all have", () => {
  const roll = rollOf(3)
  roll.delete(1)
  roll.set(9, "nine")
  expect([...roll.values()]).toEqual(["item 0", "nine", "item 2"])
  expect(roll.delete(1)).toBeFalse()
  for (const key of [0, 2, 9]) expect(roll.delete(key)).toBeTrue()
  expect(roll.size).toBe(0)
  expect(roll.page(0, 1)).toEqual({ items: [], next: null })
})

test("replaces the item of a key in its place", () => {
  const roll = rollOf(2)
  roll.set(0, "other")
  expect(roll.page(0, 5).items).toEqual(["other", "item 1"])
  expect(roll.size).toBe(2)
})
