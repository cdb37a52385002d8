import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { BadJson, checkJson, JsonScanner } from "./json-scan.ts"

const depthMax = 128

function isTaken(text: string): boolean {
  try {
    checkJson(text, depthMax)
    return true
  } catch (error) {
    if (error instanceof BadJson) return false
    throw error
  }
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe("what is taken for JSON", () => {
  test("is what JSON.parse takes", () => {
    const numbers = [
      "0",
      "-0",
      "01",
      "-",
      "1.",
      ".1",
      "1.0",
      "1e",
      "1e+",
      "1E-7",
      "+1",
      "0x1",
      "1e400",
      "0.0e0",
      "--1",
    ]
    const strings = [
      '"',
      '""',
      '"\\"',
      '"\\u00"',
      '"\\u00zz"',
      '"\\uD800"',
      '"\\x"',
      '"\t"',
      '"\u007f\u2028"',
      "'a'",
    ]
    const rest = [
      "",
      " ",
      "nul",
      "nulll",
      "True",
      "[",
      "]",
      "[1,]",
      "[,1]",
      "[1 2]",
      "{}",
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      "{a:1}",
    ]
    const spaces = [
      " 1 ",
      "\t\r\n[]\n",
      "\ufeff1",
      "\u00a01",
      "1 1",
      "[]]",
      '{"a" : [ ] , "b":{ } }',
      "NaN",
      "undefined",
      "1//",
    ]
    for (const text of [...numbers, ...strings, ...rest, ...spaces])
      expect([text, isTaken(text)]).toEqual([text, isParsed(text)])
  })

  test("is what JSON.parse takes, of whatever is like JSON", () => {
    const like = fc.oneof(
      fc.json(),
      fc
        .array(fc.constantFrom(...'[]{},:"\\u0019.eE+-\n\t /', "true", "null", '"a"', "喇"), {
          maxLength: 12,
        })
        .map((all) => all.join("")),
      fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([json, at, put]) => {
        const place = at % (json.length + 1)
        return json.slice(0, place) + put + json.slice(place + 1)
      }),
    )
    fc.assert(
      fc.property(like, (text) => isTaken(text) === isParsed(text)),
      { numRuns: 3000 },
    )
  })

  test("holds strings of every length, whatever is at their end", () => {
    for (let length = 0; length < 60; length++)
      for (const end of ["", '\\"', "\\u0041", "\u0001", "\\", "喇"]) {
        const text = `["${"x".repeat(length)}${end}"]`
        expect([text, isTaken(text)]).toEqual([text, isParsed(text)])
      }
  })

  test("is nested as deep as may be, and no deeper", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`
      expect(isTaken(nested(depthMax))).toBe(true)
      expect(isTaken(nested(depthMax + 1))).toBe(false)
    }
    // Beside each other is not within each other.
    expect(isTaken(`[${"[],".repeat(1000)}{}]`)).toBe(true)
  })

  test("may be hostile and long, and is passed over in one go", () => {
    const texts = [
      "[".repeat(4_000_000),
      '"\\'.repeat(1_000_000),
      `"${"a".repeat(4_000_000)}`,
      " ".repeat(4_000_000),
      '[""'.repeat(100) + ',""'.repeat(1_000_000),
    ]
    const before = performance.now()
    for (const text of texts) expect(isTaken(text)).toBe(false)
    // Quadratic would be minutes.
    expect(performance.now() - before).toBeLessThan(5000)
  })
})

test("members and items are visited in order, and their values handed out as they stand there", () => {
  const scanner = new JsonScanner(' {"a" : 1.0 , "\\u0062":[ {"c":1e400} ,"x" ] } ', depthMax)
  const found: string[] = []
  scanner.members((name) => {
    if (scanner.kind !== "array") found.push(name, scanner.value())
    else scanner.items(() => void found.push(name, scanner.value()))
  })
  scanner.end()
  expect(found).toEqual(["a", "1.0", "b", '{"c":1e400}', "b", '"x"'])
})
