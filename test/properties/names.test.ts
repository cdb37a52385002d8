// Hostile names and patterns: nothing but `LabaError` is ever thrown, one channel has one name, and no spelling dodges
// a rule or the reserved space.
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Channel, Rule } from "../../src/channels/channel.ts"
import { isReserved, parseChannel } from "../../src/channels/name.ts"
import { parsePattern } from "../../src/channels/pattern.ts"
import { PatternTree } from "../../src/channels/pattern-tree.ts"
import { Rules } from "../../src/channels/rules.ts"
import { LabaError } from "../../wire/error.ts"

const runs = { numRuns: 1000 }

/** A channel, or null when the name is refused as a bad name. Anything else that is thrown fails the test. */
function readChannel(text: string): Channel | null {
  try {
    return parseChannel(text, "body")
  } catch (error) {
    if (error instanceof LabaError && error.code === "bad_channel") return null
    throw error
  }
}

const escapeOf = (byte: number, upper: boolean): string => {
  const digits = byte.toString(16).padStart(2, "0")
  return `%${upper ? digits.toUpperCase() : digits}`
}

/** Bits of names that mean something to somebody. */
const bit = fc.oneof(
  fc.constantFrom(
    "/",
    "//",
    "/_/",
    "_",
    "%5f",
    "%5F",
    "%2f",
    "%2F",
    "%5c",
    "\\",
    ".",
    "..",
    "%2e",
    "%2E",
    "*",
    "**",
    "%2a",
  ),
  fc.constantFrom(
    "%",
    "%%",
    "%4",
    "%zz",
    "%25",
    "%255f",
    "%00",
    "\0",
    "\n",
    "\u007f",
    "\u0085",
    "%c2%85",
    "?",
    "#",
    " ",
    "\ud800",
    "\udc00",
  ),
  fc.constantFrom(
    "%c0%af",
    "%e0%80%af",
    "%ed%a0%80",
    "%f4%90%80%80",
    "%ff",
    "%e5%96",
    "喇",
    "é",
    "e\u0301",
    "\ufeff",
    "\u202e",
    "__proto__",
    "\\u002f",
  ),
  fc.integer({ min: 0, max: 255 }).chain((byte) => fc.boolean().map((upper) => escapeOf(byte, upper))),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 8 }),
)

const hostileName = fc.array(bit, { maxLength: 12 }).map((bits) => `/${bits.join("")}`)

/** A name that is allowed: any text without slashes, controls, halves of pairs and dot parts, each character spelled one of its ways. */
const goodPart = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed() && !/[/\\\p{Cc}\uFFFD]/u.test(text) && text !== "." && text !== "..")

const goodParts = fc
  .array(goodPart, { minLength: 1, maxLength: 4 })
  .filter((parts) => parts[0] !== "_" && encodeURIComponent(parts.join("/")).length < 200)

const spell = (text: string, spelling: readonly boolean[]): string =>
  Array.from(text)
    .map((character, i) => {
      const mustEscape = character === "%" || character === "?" || character === "#"
      if (!mustEscape && spelling[i % spelling.length]) return character
      return [...new TextEncoder().encode(character)]
        .map((byte, j) => escapeOf(byte, (i + j) % 2 === 0))
        .join("")
    })
    .join("")

const spelling = fc.array(fc.boolean(), { minLength: 1, maxLength: 16 })

test("a hostile name is refused as a bad name, or is one of the allowed ones", () => {
  const allowed = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()+,;=:@]|%[0-9A-F]{2})+)+$/
  fc.assert(
    fc.property(fc.oneof(hostileName, fc.string({ unit: "binary" })), (text) => {
      const channel = readChannel(text)
      if (channel === null) return
      expect(channel).toMatch(allowed)
      expect(channel.length).toBeLessThanOrEqual(255)
      const parts = channel.split("/").slice(1).map(decodeURIComponent)
      for (const part of parts) {
        expect(part).not.toBe(".")
        expect(part).not.toBe("..")
        expect(part).not.toMatch(/[/\\\p{Cc}]/u)
      }
      expect(parts[0]).not.toBe("_")
    }),
    runs,
  )
})

test("a canonical name is its own canonical form", () => {
  fc.assert(
    fc.property(hostileName, (text) => {
      const channel = readChannel(text)
      if (channel !== null) expect(readChannel(channel)).toBe(channel)
    }),
    runs,
  )
})

test("[C1] all spellings of a name are one channel, and different names are different channels", () => {
  fc.assert(
    fc.property(goodParts, goodParts, spelling, spelling, (parts, others, one, other) => {
      const name = parseChannel(`/${parts.map((part) => spell(part, one)).join("/")}`, "body")
      expect(parseChannel(`/${parts.map((part) => spell(part, other)).join("/")}`, "path")).toBe(name)
      // Decoding gives back what was meant, so two names can only meet when they are the same.
      expect(name.split("/").slice(1).map(decodeURIComponent)).toEqual(parts)
      const same = JSON.stringify(parts) === JSON.stringify(others)
      expect(parseChannel(`/${others.map((part) => spell(part, one)).join("/")}`, "body") === name).toBe(same)
    }),
    runs,
  )
})

test("no spelling of the reserved space is a channel, and the router sees every one", () => {
  fc.assert(
    fc.property(spelling, fc.option(hostileName), (ways, rest) => {
      const path = `/${spell("_", ways)}${rest ?? ""}`
      expect(isReserved(path)).toBe(true)
      expect(readChannel(path)).toBeNull()
    }),
    runs,
  )
  fc.assert(
    fc.property(hostileName, (text) => {
      // What the decoder of another program would take for the reserved space is not let in either.
      let decoded = ""
      try {
        decoded = decodeURIComponent(text)
      } catch {
        return
      }
      if (decoded === "/_" || decoded.startsWith("/_/")) expect(readChannel(text)).toBeNull()
    }),
    runs,
  )
})

test("a hostile pattern is refused as a bad one, or fits only whole parts", () => {
  fc.assert(
    fc.property(hostileName, (text) => {
      try {
        const { text: canonical, parts } = parsePattern(text)
        expect(canonical).toBe(`/${parts.join("/")}`)
        expect(parsePattern(canonical)).toEqual({ text: canonical, parts })
        for (const [i, part] of parts.entries()) {
          if (part.includes("*")) expect(["*", ...(i === parts.length - 1 ? ["**"] : [])]).toContain(part)
        }
      } catch (error) {
        if (!(error instanceof LabaError) || error.code !== "bad_channel") throw error
      }
    }),
    runs,
  )
})

const word = fc.constantFrom("a", "b", "c")
const patternText = fc
  .tuple(fc.array(fc.oneof(word, fc.constant("*")), { maxLength: 5 }), fc.boolean())
  .map(([parts, rest]) => `/${[...parts, ...(rest || parts.length === 0 ? ["**"] : [])].join("/")}`)

/** Whether a pattern fits, said in the plainest way. */
function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  const open = pattern.at(-1) === "**"
  const fixed = open ? pattern.slice(0, -1) : pattern
  if (open ? parts.length < fixed.length : parts.length !== fixed.length) return false
  return fixed.every((part, i) => part === "*" || part === parts[i])
}

/** How specific each part is, from the left: the end is 3, a literal 2, `*` 1, `**` 0. */
const rankOf = (pattern: readonly string[]): string =>
  pattern.map((part) => (part === "**" ? "0" : part === "*" ? "1" : "2")).join("") + "3"

test("the rule of a channel is the most specific of all that fit, in whatever order they were written", () => {
  const texts = fc.uniqueArray(patternText, { maxLength: 12 })
  fc.assert(
    fc.property(
      texts,
      fc.array(word, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (patterns, parts, keys) => {
        const rules = patterns.map((pattern): Rule => ({ pattern, keep: null, slow: "latest" }))
        const fitting = patterns
          .map((text) => text.slice(1).split("/"))
          .filter((pattern) => fits(pattern, parts))
        const best = fitting.sort((a, b) => (rankOf(a) < rankOf(b) ? 1 : -1))[0] ?? ["**"]
        const shuffled = rules
          .map((rule) => ({ rule, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
        const channel = parseChannel(`/${parts.join("/")}`, "path")
        expect(new Rules(rules).for(channel).pattern).toBe(`/${best.join("/")}`)
        expect(new Rules(shuffled.map(({ rule }) => rule)).for(channel).pattern).toBe(`/${best.join("/")}`)
      },
    ),
    runs,
  )
})

test("looking a channel up reads at most one node for each part and pattern", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(patternText, { maxLength: 40 }),
      fc.array(word, { minLength: 1, maxLength: 60 }),
      (patterns, parts) => {
        expect(stepsOf(patterns, parts)).toBeLessThanOrEqual((parts.length + 1) * (patterns.length + 1))
      },
    ),
    runs,
  )
})

test("a tree built to make a look-up go back everywhere stays within that bound", () => {
  // Every way to write 8 parts with a literal or a star, none of which ends as the name does.
  const patterns = Array.from(
    { length: 256 },
    (_, i) =>
      `/${Array.from(i.toString(2).padStart(8, "0"), (bit) => (bit === "0" ? "a" : "*")).join("/")}/end`,
  )
  const steps = stepsOf(patterns, [...Array<string>(8).fill("a"), "other"])
  expect(steps).toBeGreaterThan(256)
  expect(steps).toBeLessThanOrEqual(10 * 256)
  // A name that goes on for as long as a name can costs nothing more.
  expect(stepsOf(patterns, Array<string>(127).fill("a"))).toBeLessThanOrEqual(10 * 256)
})

/** Counts how often a part of the name is read: once for each node that is visited. */
function stepsOf(patterns: readonly string[], parts: readonly string[]): number {
  const tree = new PatternTree<string>()
  for (const text of patterns) tree.add(parsePattern(text), text)
  let steps = 0
  const counted = new Proxy(parts, {
    get(target, key) {
      steps++
      return Reflect.get(target, key) as unknown
    },
  })
  tree.find(counted)
  return steps
}
