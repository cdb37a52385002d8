import { expect, test } from "bun:test"
import { nearest } from "./nearest.ts"

const known = ["serve", "publish", "subscribe", "check", "version"]

test.each([
  ["sevre", "serve"],
  ["pubilsh", "publish"],
  ["subscrib", "subscribe"],
  ["SUBSCRIBE", "subscribe"],
  ["chek", "check"],
])("takes %s for %s", (word, meant) => {
  expect(nearest(word, known)).toBe(meant)
})

test("guesses nothing for a word that is far from all", () => {
  expect(nearest("frobnicate", known)).toBeNull()
  expect(nearest("", [])).toBeNull()
})
