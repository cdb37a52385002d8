import { expect, test } from "bun:test"
import fc from "fast-check"
import { parseEnvelope } from "./json-envelope.ts"
import { BadJson } from "./json-scan.ts"

const parse = (text: string, depthMax = 128): unknown => parseEnvelope(text, { depthMax, carried: "data" })

test("an envelope is read as JSON.parse reads it, where it carries nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
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
  expect(() => parse('{"data":[[]]}', 2)).toThrow("nested")
})

test("no name in it means anything", () => {
  const read = parse('{"__proto__":{"admin":true}}') as Record<string, unknown>
  expect(read["admin"]).toBeUndefined()
  expect(Object.keys(read)).toEqual(["__proto__"])
})
