import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  hashList,
  foreignPosition,
  offsetIn,
  parseCompound,
  parseCursor,
  type Position,
  printCompound,
  printCursor,
} from "./cursor.ts"

const tag = printCursor("/a", { epoch: "e", offset: 0 }).slice("e-0.".length)
const epoch = fc.stringMatching(/^[0-9A-Za-z]{1,24}$/)
const position = fc.record({ epoch, offset: fc.maxSafeNat() })

describe("a cursor", () => {
  test("comes back as the position it was printed from", () => {
    fc.assert(
      fc.property(position, fc.webPath(), (given, channel) =>
        expect(parseCursor(printCursor(channel, given), channel)).toEqual(given),
      ),
    )
  })

  test("has one spelling: what parses prints as it was", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^[0-9A-Za-z]{1,4}-[0-9a-zA-Z]{1,13}(\.[0-9a-zA-Z]{1,6})?$/),
          fc.stringMatching(/^[0-9A-Za-z]{1,4}-[0-9a-zA-Z]{1,13}$/).map((text) => `${text}.${tag}`),
        ),
        (text) => {
          const parsed = parseCursor(text, "/a")
          expect(parsed === null).toBe(offsetIn(text) === null)
          if (parsed && parsed !== foreignPosition) expect(printCursor("/a", parsed)).toBe(text)
          else expect(text.endsWith(`.${tag}`) && parsed !== null).toBe(false)
        },
      ),
    )
  })

  test("is refused when it is malformed", () => {
    for (const text of [
      "",
      "-",
      "e-",
      "-1",
      "e-01",
      "e-A",
      "e--1",
      "e-1 ",
      " e-1",
      "e-1\n",
      "é-1",
      "e-zzzzzzzzzzz",
      `${"e".repeat(25)}-1`,
      "e-1.",
      "e-1.01",
      "e-1.A",
      "e-1.zzzzzz",
      "e-1.a.b",
      "e-1-1",
    ]) {
      expect([text, parseCursor(text, "/a"), offsetIn(text)]).toEqual([text, null, null])
    }
  })

  test("[C11] fits its own channel alone, and one without a tag fits none", () => {
    const given = { epoch: "e", offset: 7 }
    expect(parseCursor(printCursor("/a", given), "/b")).toBe(foreignPosition)
    expect(parseCursor("e-7", "/a")).toBe(foreignPosition)
    expect(offsetIn("e-7")).toBe(7)
    // Names that come in long rows differ in their tags as well as in themselves.
    const tags = new Set(Array.from({ length: 10_000 }, (_, i) => printCursor(`/orders/${i}`, given)))
    expect(tags.size).toBeGreaterThan(9990)
  })

  test("[C12] is refused when it begins as no kind does that is spoken here", () => {
    for (const first of [".", "_", "-"])
      for (const rest of ["", "first", "1x9f", printCursor("/a", { epoch: "e", offset: 1 })]) {
        const text = first + rest
        expect([text, parseCursor(text, "/a"), offsetIn(text), parseCompound(text)]).toEqual([
          text,
          null,
          null,
          null,
        ])
        expect([text, parseCompound(`~h~${text}`)]).toEqual([text, null])
      }
  })
})

describe("a compound cursor", () => {
  test("comes back as the positions it was printed from, whatever epochs they share", () => {
    const few = fc.constantFrom("a", "b1", "C")
    const positions = fc.array(fc.record({ epoch: fc.oneof(few, epoch), offset: fc.nat() }), {
      minLength: 1,
      maxLength: 64,
    })
    fc.assert(
      fc.property(positions, (given: Position[]) => {
        const text = printCompound("h1", given)
        expect(parseCompound(text)).toEqual({ listHash: "h1", positions: given })
        expect(text).toMatch(/^[\w.~-]+$/)
      }),
    )
  })

  test("never throws on hostile text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseCompound(`~h~${text}`)))
    for (const text of [
      "",
      "~",
      "~h~",
      "~h~1",
      "~h~e-1.",
      "~h~.e-1",
      "~h~e-1..2",
      `~h~e-1${".1".repeat(5000)}`,
    ]) {
      expect(parseCompound(text)).toBeNull()
    }
  })

  test("of as many channels as may be configured is not too long to be read, with an epoch of its own for each", () => {
    // As engines make them: a name of eight, a `Z`, and how often it began anew.
    const positions = Array.from({ length: 256 }, (_, i) => ({
      epoch: `k3f9a7z${i % 10}Z${(1e7 + i).toString(36)}`,
      offset: Number.MAX_SAFE_INTEGER - i,
    }))
    const text = printCompound("1x9f2k3", positions)
    expect(parseCompound(text)).toEqual({ listHash: "1x9f2k3", positions })
  })

  test("stays short where channels share an epoch", () => {
    const positions = Array.from({ length: 128 }, (_, i) => ({ epoch: "k3f9a7zz", offset: i * 1000 }))
    expect(printCompound("1x9f2k3", positions).length).toBeLessThan(700)
  })
})

test("the hash of a list depends on its names and their order", () => {
  expect(hashList(["/a", "/b"])).not.toBe(hashList(["/b", "/a"]))
  expect(hashList(["/a", "/b"])).not.toBe(hashList(["/a/b"]))
  expect(hashList(["/ab", "/c"])).not.toBe(hashList(["/a", "/bc"]))
})
