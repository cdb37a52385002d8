import { expect, test } from "bun:test"
import fc from "fast-check"
import { memberOf, partsOf } from "./json-text.ts"

test("a member's text is what stands there, and not what JavaScript makes of it", () => {
  const frame =
    '{"op":"message","data": {"order":12345678901234567890,"total":10.00,"a":1,"a":2} ,"base64":true}'
  expect(memberOf(frame, "data")?.trim()).toBe('{"order":12345678901234567890,"total":10.00,"a":1,"a":2}')
  expect(memberOf('{"data":1e400}', "data")).toBe("1e400")
  expect(memberOf('{"x":"\\"data\\":1","data":"a,]}\\\\"}', "data")).toBe('"a,]}\\\\"')
  expect(memberOf('{"x":{"data":1}}', "data")).toBeUndefined()
})

test("the parts of an array, and the members of an object, are those that JSON has", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.nat(3), (values, spaces) => {
      expect(partsOf(JSON.stringify(values, null, spaces)).map((part) => JSON.parse(part))).toEqual(
        JSON.parse(JSON.stringify(values)),
      )
      const object = Object.fromEntries(values.map((value, index) => [`k${index}`, value]))
      const text = JSON.stringify(object)
      for (const [name, value] of Object.entries(object))
        expect(memberOf(text, name)).toBe(JSON.stringify(value))
    }),
  )
})

test("a long text is no deeper than a short one", () => {
  const long = JSON.stringify('"\\'.repeat(1_000_000))
  expect(memberOf(`{"data":${long}}`, "data")).toBe(long)
})
