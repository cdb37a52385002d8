import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { hashList, parseCompound, parseCursor, type Position, printCompound, printCursor } from "./cursor.ts"

const epoch = fc.stringMatching(/^[0-9A-Za-z]{1,24}$/)
const position = fc.record({ epoch, offset: fc.maxSafeNat() })

describe("a cursor", () => {
  test("comes back as the position it was printed from", () => {
    fc.assert(fc.property(position, (given) => expect(parseCursor(printCursor(given))).toEqual(given)))
  })

  test("has one spelling: what parses prints as it was", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9A-Za-z]{1,4}-[0-9a-zA-Z]{1,13}$/)),
        (text) => {
          const parsed = parseCursor(text)
          if (parsed) expect(printCursor(parsed)).toBe(text)
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
    ]) {
      expect(parseCursor(text)).toBeNull()
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
      `~h~e-1${".1".repeat(3000)}`,
    ]) {
      expect(parseCompound(text)).toBeNull()
    }
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
