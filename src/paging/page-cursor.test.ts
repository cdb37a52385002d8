import { expect, test } from "bun:test"
import { parsePageCursor, printPageCursor } from "./page-cursor.ts"

test("a slot is what it was printed from", () => {
  for (const slot of [0, 1, 35, 36, 12_345_678]) expect(parsePageCursor(printPageCursor(slot))).toBe(slot)
  expect(parsePageCursor(null)).toBe(0)
  expect(printPageCursor(null)).toBeNull()
})

test.each(["", "s", "S1", "-1", "s-1", "s1.5", "s123456789", "1", "s1 ", "s１"])("%j is refused", (text) => {
  expect(() => parsePageCursor(text)).toThrow("bad_cursor")
})
