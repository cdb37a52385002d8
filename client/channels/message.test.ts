import { expect, test } from "bun:test"
import fc from "fast-check"
import type { ServerFrame } from "../../wire/frames.ts"
import { payloadOf, readBase64, readMessage, withPayload } from "./message.ts"
import { parseFrame } from "../transports/transport.ts"

const envelope = { channel: "/a", cursor: "e-1", id: "1", time: 0, type: "application/octet-stream" }

test("text is sent as text, bytes as base64, everything else as JSON", () => {
  expect(payloadOf("喇叭")).toEqual({ bytes: 6, frame: { data: "喇叭", type: "text/plain" } })
  expect(payloadOf({ a: 1 })).toEqual({ bytes: 7, frame: { data: { a: 1 }, type: "application/json" } })
  expect(payloadOf(new Uint16Array([1]).subarray(0, 1))).toEqual({
    bytes: 2,
    frame: { data: "AQA=", type: "application/octet-stream", base64: true },
  })
})

test("the type that is given counts: a string can be JSON", () => {
  expect(payloadOf("a", "application/json")).toEqual({
    bytes: 3,
    frame: { data: "a", type: "application/json" },
  })
  expect(payloadOf("<b>", "text/html").frame.type).toBe("text/html")
  expect(payloadOf(new Uint8Array(1), "image/png").frame.type).toBe("image/png")
})

test("what is neither text nor bytes nor JSON is the caller's error", () => {
  expect(() => payloadOf(undefined)).toThrow(TypeError)
  expect(() => payloadOf(() => {})).toThrow(TypeError)
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
    expect(() => payloadOf(one)).toThrow(TypeError)
    expect(() => payloadOf({ a: [one] })).toThrow(TypeError)
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
    expect(payloadOf(json).frame.data).toEqual(JSON.parse(JSON.stringify(json)))
})

test("what changes while a publish waits is not what is sent", () => {
  const data = { items: [1] }
  const { frame, bytes } = payloadOf(data)
  data.items.push(2)
  expect(frame.data).toEqual({ items: [1] })
  expect(bytes).toBe('{"items":[1]}'.length)
})

test("a message has its payload's text beside the parsed value", () => {
  const json = '{"order":12345678901234567890,"total":10.00,"a":1,"a":2}'
  const line = `{"op":"message","channel":"/a","cursor":"e-1","id":"1","time":0,"type":"application/json","data":${json}}`
  const frame = parseFrame(line) as Extract<ServerFrame, { op: "message" }>
  expect(readMessage(frame).text).toBe(json)
  const pushed = `{"op":"direct","type":"application/json","data":${json}}`
  expect(withPayload({}, parseFrame(pushed) as Extract<ServerFrame, { op: "direct" }>).text).toBe(json)
  expect(readMessage({ ...envelope, type: "text/plain", data: '{"a":1}' }).text).toBe('{"a":1}')
  expect(readMessage({ ...envelope, data: "AQA=", base64: true }).text).toBeNull()
})

test("bytes arrive as they were sent", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { data } = payloadOf(bytes).frame
      expect(readMessage({ ...envelope, data, base64: true }).data).toEqual(bytes)
      expect(readBase64(data as string)).toEqual(bytes)
    }),
  )
})
