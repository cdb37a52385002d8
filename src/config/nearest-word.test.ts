import { expect, test } from "bun:test"
import { nearestWord } from "./nearest-word.ts"

const known = ["serve", "publish", "subscribe", "check", "version"]

test.each([
  ["sevre", "serve"],
  ["pubilsh", "publish"],
  ["subscrib", "subscribe"],
  ["SUBSCRIBE", "subscribe"],
  ["chek", "check"],
])("takes %s for %s", (word, meant) => {
  expect(nearestWord(word, known)).toBe(meant)
})

test("guesses nothing for a word that is far from all", () => {
  expect(nearestWord("frobnicate", known)).toBeNull()
  expect(nearestWord("", [])).toBeNull()
})
