// Who may, where rules are silent: against the plain reading of the rule, which looks at every other one.
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Permissions, Who } from "../../channels/channel.ts"
import { covers } from "../../channels/pattern-cover.ts"
import { parsePattern } from "../../channels/pattern.ts"
import { parseConfig } from "../../config/config.ts"
import {
  defaultPermissions,
  fillPermissions,
  isAboutUsers,
  presenceKept,
  type StatedPermissions,
} from "./permissions.ts"

const part = fc.constantFrom("a", "b", "*", "@1", "@2")
const pattern = fc
  .tuple(fc.constantFrom("a", "b", "*", "@1", "@*"), fc.array(part, { maxLength: 3 }), fc.boolean())
  .map(([first, rest, isOpen]) => `/${[first, ...rest, ...(isOpen ? ["**"] : [])].join("/")}`)
const who = fc.constantFrom<Who>("anyone", "token", "owner", "key", "nobody")
const permissions: fc.Arbitrary<StatedPermissions> = fc.record(
  { listen: who, publish: who, presence: who, history: who, manage: who },
  { requiredKeys: [] },
)
const rules = <Said>(said: fc.Arbitrary<Said>) =>
  fc.uniqueArray(fc.tuple(fc.oneof(fc.constant("/**"), pattern), said), { selector: ([text]) => text })

/** More specific: a literal before `@*`, that before `*`, and `**` last, from the left. */
const rankOf = (text: string): string =>
  parsePattern(text)
    .parts.map((one) => ["**", "*", "@*"].indexOf(one))
    .map((rank) => (rank < 0 ? "0" : String(3 - rank)))
    .join("")

/** The rules of the same kind that take a pattern in, the most specific first. */
const widerThan = <Said>(text: string, all: readonly (readonly [string, Said])[]): readonly Said[] =>
  all
    .filter(([other]) => isAboutUsers(parsePattern(other)) === isAboutUsers(parsePattern(text)))
    .filter(([other]) => covers(parsePattern(other), parsePattern(text)))
    .toSorted(([a], [b]) => (rankOf(a) < rankOf(b) ? -1 : 1))
    .map(([, said]) => said)

describe("what a rule leaves out", () => {
  test("is what the most specific wider rule says, and then the default", () => {
    fc.assert(
      fc.property(rules(permissions), (said) => {
        const defaults = defaultPermissions(true)
        const filled = fillPermissions(new Map(said), defaults)
        for (const [text] of said) {
          const wider = widerThan(text, said)
          const usual = isAboutUsers(parsePattern(text)) ? defaults.own : defaults.usual
          const find = (read: (one: StatedPermissions) => Who | undefined, otherwise: Who): Who =>
            wider.map(read).find((one) => one !== undefined) ?? otherwise
          const expected: Permissions = {
            listen: find(({ listen }) => listen, usual.listen),
            publish: find(({ publish }) => publish, usual.publish),
            presence: find(({ presence }) => presence, usual.presence),
            history: find(({ history, listen }) => history ?? listen, usual.history),
            manage: find(({ manage }) => manage, usual.manage),
          }
          expect([text, filled.get(text)]).toEqual([text, expected])
        }
      }),
    )
  })

  test("is kept presence where a wider rule keeps it", () => {
    const presence = fc.option(fc.oneof(who, fc.boolean()), { nil: undefined })
    fc.assert(
      fc.property(rules(presence), (said) => {
        const kept = presenceKept(new Map(said))
        for (const [text] of said) {
          const first = widerThan(text, said).find((one) => one !== undefined)
          const expected = first !== undefined && first !== false && first !== "nobody"
          expect([text, kept.has(text)]).toEqual([text, expected])
        }
      }),
    )
  })
})

describe("a very long configuration", () => {
  const count = 20_000
  const numbers = Array.from({ length: count }, (_, index) => index)
  const seconds = (act: () => unknown): number => {
    const began = performance.now()
    try {
      act()
    } catch {
      // A refusal is an answer, too.
    }
    return (performance.now() - began) / 1000
  }
  const inBits = (index: number): string =>
    [...index.toString(2).padStart(15, "0")].map((bit) => (bit === "1" ? "a" : "*")).join("/")

  // Each takes well under a second here, and took half a minute and more when every rule was held against every other.
  test.each([
    ["rules side by side", (index: number) => `/shops/${index}/**`],
    ["rules under wider ones", (index: number) => `/${index % 100}/${index % 7 === 0 ? "**" : `*/${index}`}`],
    ["rules that take in thousands of others", (index: number) => `/${inBits(index)}`],
  ])("of %s is read in seconds", (_name, pattern) => {
    const channels = Object.fromEntries(
      numbers.map((index) => [
        pattern(index),
        { listen: "key", ...(index % 3 === 0 && { presence: true }) } as const,
      ]),
    )
    const keys = [{ name: "a", sha256: "0".repeat(64), publish: [] }]
    expect(seconds(() => parseConfig({ keys, channels }))).toBeLessThan(10)
  })

  test("of wrong rules, or of keys, is refused in seconds", () => {
    const channels = Object.fromEntries(numbers.map((index) => [`/${index}`, { histroy: "none" }]))
    expect(seconds(() => parseConfig({ channels }))).toBeLessThan(10)
    const keys = numbers.map((index) => ({
      name: "a",
      sha256: (index % 19_999).toString(16).padStart(64, "0"),
      publish: [],
    }))
    expect(seconds(() => parseConfig({ keys: [...keys, ...keys, ...keys] }))).toBeLessThan(10)
  }, 30_000)
})
