import { describe, expect, test } from "bun:test"
import { covers } from "./pattern-cover.ts"
import { parsePattern } from "./pattern.ts"

const cover = (wide: string, narrow: string) => covers(parsePattern(wide), parsePattern(narrow))

describe("a pattern", () => {
  test("covers itself and what is narrower", () => {
    for (const [wide, narrow] of [
      ["/**", "/a"],
      ["/**", "/*"],
      ["/**", "/**"],
      ["/a/**", "/a"],
      ["/a/**", "/a/*/c"],
      ["/a/**", "/a/b/**"],
      ["/a/*", "/a/b"],
      ["/*/b", "/@*/b"],
      ["/@*/**", "/@1001/x"],
      ["/@*/**", "/@*/orders"],
    ] as const) {
      expect([wide, narrow, cover(wide, narrow)]).toEqual([wide, narrow, true])
    }
  })

  test("does not cover what reaches beyond it", () => {
    for (const [wide, narrow] of [
      ["/a", "/a/**"],
      ["/a/*", "/a/**"],
      ["/a/*", "/a"],
      ["/a/*", "/a/b/c"],
      ["/a/b", "/a/*"],
      ["/@*/**", "/*/x"],
      ["/@*/**", "/**"],
      ["/@*/**", "/users/x"],
      ["/orders/**", "/order"],
    ] as const) {
      expect([wide, narrow, cover(wide, narrow)]).toEqual([wide, narrow, false])
    }
  })
})
