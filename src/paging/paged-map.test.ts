import { expect, test } from "bun:test"
import { PagedMap } from "./paged-map.ts"

const mapOf = (count: number): PagedMap<number, string> => {
  const map = new PagedMap<number, string>()
  for (let i = 0; i < count; i++) map.set(i, `item ${i}`)
  return map
}

function callAll(map: PagedMap<number, string>, limit: number, between: (page: number) => void = () => {}) {
  const seen: string[] = []
  let pages = 0
  for (let from: number | null = 0; from !== null;) {
    const page: { items: readonly string[]; next: number | null } = map.page(from, limit)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    seen.push(...page.items)
    from = page.next
    between(pages++)
  }
  return { seen, pages }
}

test("calls everybody once, a page at a time", () => {
  const { seen, pages } = callAll(mapOf(25), 10)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `item ${i}`))
  expect(pages).toBe(3)
})

test("a full last page has no empty page behind it", () => {
  expect(mapOf(10).page(0, 10).next).toBeNull()
  expect(new PagedMap<number, string>().page(0, 10)).toEqual({ items: [], next: null })
})

test("whoever stays is called exactly once, whoever comes and goes meanwhile", () => {
  const map = mapOf(100)
  let newcomer = 1000
  const { seen } = callAll(map, 7, (page) => {
    for (let i = 0; i < 3; i++) map.delete(page * 5 + i * 2 + 1)
    map.set(newcomer++, "new")
  })
  const stayed = Array.from({ length: 100 }, (_, i) => `item ${i}`).filter((_, i) => map.get(i) !== undefined)
  expect(stayed.length).toBeGreaterThan(40)
  for (const item of stayed) expect(seen.filter((one) => one === item)).toHaveLength(1)
})

test("looks at a bounded number of slots, also when nearly all have emptied", () => {
  const map = mapOf(25_000)
  for (let i = 0; i < 24_999; i++) map.delete(i)
  expect(map.page(0, 100)).toEqual({ items: [], next: 10_000 })
  expect(callAll(map, 100).seen).toEqual(["item 24999"])
})

test("fills the slots that have emptied, and begins anew when all have", () => {
  const map = mapOf(3)
  map.delete(1)
  map.set(9, "nine")
  expect([...map.values()]).toEqual(["item 0", "nine", "item 2"])
  expect(map.delete(1)).toBeFalse()
  for (const key of [0, 2, 9]) expect(map.delete(key)).toBeTrue()
  expect(map.size).toBe(0)
  expect(map.page(0, 1)).toEqual({ items: [], next: null })
})

test("replaces the item of a key in its place", () => {
  const map = mapOf(2)
  map.set(0, "other")
  expect(map.page(0, 5).items).toEqual(["other", "item 1"])
  expect(map.size).toBe(2)
})
