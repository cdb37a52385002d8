import { expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import type { JsonText } from "../../wire/json-scan.ts"
import { type MessageInJson, readJsonPayload } from "./json-payload.ts"

const of = (data: string, rest: Omit<MessageInJson, "data"> = {}) =>
  readJsonPayload({ data: data as JsonText, ...rest }, "bad_frame")

test("a payload is JSON by default, text by a text type, bytes by base64", () => {
  expect(of('{"a":"喇"}')).toEqual({ type: "application/json", data: '{"a":"喇"}', bytes: 11 })
  expect(of('"喇"', { type: "text/plain" })).toEqual({ type: "text/plain", data: "喇", bytes: 3 })
  expect(of('"AP8="', { type: "image/png", base64: true })).toEqual({
    type: "image/png",
    data: Uint8Array.of(0, 255),
    bytes: 2,
  })
})

test("JSON stays the text that was sent", () => {
  for (const data of ["9007199254740993", "10.00", '{"a":1,"a":2}', "1e400", '"\\ud800"', "-0", "\ufeff"])
    expect(of(data).data).toBe(data)
})

test("what does not fit its type is refused", () => {
  const wrong: [string, Omit<MessageInJson, "data">][] = [
    ["1", { type: "text/plain" }],
    ['"x"', { type: "image/png" }],
    ['"="', { type: "image/png", base64: true }],
    ['"AP8="', { type: "text/plain", base64: true }],
    ['"x"', { type: "not a type" }],
    ["1", { type: "image/png", base64: true }],
    ['"\\ud800"', { type: "text/plain" }],
  ]
  for (const [data, rest] of wrong) expect(() => of(data, rest)).toThrow(LabaError)
})
