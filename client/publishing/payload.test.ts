import { expect, test } from "bun:test"
import { encodePayload } from "./payload.ts"

test("text is sent as text, bytes as base64, everything else as JSON", () => {
  expect(encodePayload("喇叭")).toEqual({ bytes: 6, frame: { data: "喇叭", type: "text/plain" } })
  expect(encodePayload({ a: 1 })).toEqual({ bytes: 7, frame: { data: { a: 1 }, type: "application/json" } })
  expect(encodePayload(new Uint16Array([1]).subarray(0, 1))).toEqual({
    bytes: 2,
    frame: { data: "AQA=", type: "application/octet-stream", base64: true },
  })
})

test("the type that is given counts: a string can be JSON", () => {
  expect(encodePayload("a", "application/json")).toEqual({
    bytes: 3,
    frame: { data: "a", type: "application/json" },
  })
  expect(encodePayload("<b>", "text/html").frame.type).toBe("text/html")
  expect(encodePayload(new Uint8Array(1), "image/png").frame.type).toBe("image/png")
})

test("what is neither text nor bytes nor JSON is the caller's error", () => {
  expect(() => encodePayload(undefined)).toThrow(TypeError)
  expect(() => encodePayload(() => {})).toThrow(TypeError)
})

test("what JSON would print as {} is the caller's error, also deep inside", () => {
  const file = new File(["x"], "x.txt")
  const opaque = [
    file,
    new Blob(["x"]),
    // As FormData is in browsers: Bun's own can be printed.
    new (class FormData {})(),
    new Map([[1, 2]]),
    new Set([1]),
    Promise.resolve(1),
    new Error("x"),
  ]
  for (const one of opaque) {
    expect(() => encodePayload(one)).toThrow(TypeError)
    expect(() => encodePayload({ a: [one] })).toThrow(TypeError)
  }
  for (const json of [
    {},
    [],
    { a: {} },
    Object.create(null),
    new Date(0),
    new Number(5),
    { toJSON: () => ({}) },
  ])
    expect(encodePayload(json).frame.data).toEqual(JSON.parse(JSON.stringify(json)))
})

test("what changes while a publish waits is not what is sent", () => {
  const data = { items: [1] }
  const { frame, bytes } = encodePayload(data)
  data.items.push(2)
  expect(frame.data).toEqual({ items: [1] })
  expect(bytes).toBe('{"items":[1]}'.length)
})

test("JSON is JSON under every type that means it, however it is written", () => {
  for (const type of ["text/json", "application/json; charset=utf-8", "Application/Geo+JSON"])
    expect(encodePayload("a", type)).toEqual({ bytes: 3, frame: { data: "a", type } })
})
