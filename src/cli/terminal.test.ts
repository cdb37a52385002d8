import { expect, test } from "bun:test"
import { shownAt } from "./terminal.ts"

const hostile = "a\u001b[2J\u009bb\n"

test("a payload reaches a program byte for byte, and a terminal without what that would obey", () => {
  const bytes = new TextEncoder().encode(hostile)
  for (const data of [hostile, bytes]) {
    expect(shownAt({}, data)).toBe(data)
    expect(shownAt({ isTTY: false }, data)).toBe(data)
    expect(shownAt({ isTTY: true }, data)).toBe("a\\u001b[2J\\u009bb\n")
  }
})
