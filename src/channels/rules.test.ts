import { describe, expect, test } from "bun:test"
import type { Rule } from "./channel.ts"
import { parseChannel } from "./name.ts"
import { defaultRule, Rules } from "./rules.ts"

const ruleOf = (pattern: string): Rule => ({ pattern, keep: null, slow: "latest" })

const winner = (patterns: readonly string[], channel: string): string =>
  new Rules(patterns.map(ruleOf)).for(parseChannel(channel, "body")).pattern

describe("the most specific pattern wins", () => {
  const cases: [channel: string, patterns: string[], winner: string][] = [
    ["/a", ["/a", "/*", "/**"], "/a"],
    ["/b", ["/a", "/*", "/**"], "/*"],
    ["/b/c", ["/a", "/*", "/**"], "/**"],
    ["/a/b", ["/a/*", "/*/b"], "/a/*"],
    ["/a/b", ["/a/**", "/*/b"], "/a/**"],
    ["/a/b/d", ["/a/*/c", "/a/b/**"], "/a/b/**"],
    ["/a/b/c", ["/a/*/c", "/a/b/**"], "/a/b/**"],
    ["/a/x/c", ["/a/*/c", "/a/b/**"], "/a/*/c"],
    ["/a/b/c", ["/a/b/d", "/*/b/c", "/a/**"], "/a/**"],
    ["/a", ["/a/**", "/*"], "/a/**"],
    ["/a", ["/a/**", "/a"], "/a"],
    ["/a/b", ["/a/*/**", "/a/*"], "/a/*"],
    ["/a/b", ["/a/*/**", "/a/**"], "/a/*/**"],
    ["/a/b/c/d", ["/a/**", "/a/b/**", "/**"], "/a/b/**"],
    ["/a/b/x/d", ["/a/b/c/d", "/a/*/x/e", "/*/b/x/d"], "/*/b/x/d"],
    ["/a/%2A", ["/a/%2A", "/a/*"], "/a/%2A"],
    ["/orders/1", ["/%6frders/*"], "/%6frders/*"],
    ["/c", ["/a", "/b/**"], "/**"],
  ]
  for (const [channel, patterns, expected] of cases) {
    test(`${channel} among ${patterns.join(" ")} has ${expected}`, () => {
      expect(winner(patterns, channel)).toBe(expected)
      expect(winner(patterns.toReversed(), channel)).toBe(expected)
    })
  }
})

test("a channel that no pattern fits has the default rule", () => {
  expect(new Rules([]).for(parseChannel("/a/b", "path"))).toBe(defaultRule)
  expect(new Rules([ruleOf("/b/*")]).for(parseChannel("/b/c/d", "path"))).toBe(defaultRule)
})

test("an own rule for every channel replaces the default", () => {
  const own = ruleOf("/**")
  expect(new Rules([own]).for(parseChannel("/a/b", "path"))).toBe(own)
})

test("one pattern in two spellings is an error that names it", () => {
  for (const [one, other] of [
    ["/a", "/a"],
    ["/orders/**", "/%6frders/**"],
    ["/a/*/c", "/a/*/%63"],
    ["/**", "/**"],
  ]) {
    expect(() => new Rules([ruleOf(one as string), ruleOf(other as string)])).toThrow("is there twice")
  }
})

test("a malformed pattern is an error", () => {
  expect(() => new Rules([ruleOf("/a*")])).toThrow("stands for a whole part")
})
