import { expect, test } from "bun:test"
import fc from "fast-check"
import { parseEnvelope } from "./json-envelope.ts"
import { BadJson } from "./json-scan.ts"

const parse = (text: string): unknown => parseEnvelope(text, "data")

test("an envelope is read as JSON.parse reads it, where it carries nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('"data":'))
      expect(JSON.stringify(parse(text))).toBe(text)
    }),
  )
})

test("what it carries is the text that was sent, in every message", () => {
  const texts = ["9007199254740993", "10.00", '{"data":1,"data":2}', '"\\u0041"', "[ ]"]
  const body = `{"messages":[${texts.map((text) => `{"data": ${text} ,"key":"\\u0061"}`).join(",")}]}`
  expect(JSON.stringify(parse(body))).toBe(
    JSON.stringify({ messages: texts.map((data) => ({ data, key: "a" })) }),
  )
})

test("a name that is twice in an object, what is too deep, and what is no JSON is refused", () => {
  for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '[{"data":1,"data":1}]', '{"data":}', "{}{}"])
    expect(() => parse(text)).toThrow(BadJson)
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
  expect(() => parse(nested(9))).toThrow("nested")
  for (const around of [(data: string) => `{"data":${data}}`, (data: string) => `{"a":[{"data":${data}}]}`]) {
    expect(() => parse(around(nested(128)))).not.toThrow()
    expect(() => parse(around(nested(129)))).toThrow("nested")
  }
})

test("no more values are made than the largest envelope has, whatever it carries", () => {
  expect(() => parse(`{"data":[${"0,".repeat(100_000)}0]}`)).not.toThrow()
  expect(() => parse(`[${"0,".repeat(9_998)}0]`)).not.toThrow()
  for (const flood of ["0", "{}", "[]", '""'])
    expect(() => parse(`[${`${flood},`.repeat(1_000_000)}0]`)).toThrow("values")
})

test("no name in it means anything", () => {
  const read = parse('{"__proto__":{"admin":true}}') as Record<string, unknown>
  expect(read["admin"]).toBeUndefined()
  expect(Object.keys(read)).toEqual(["__proto__"])
})
