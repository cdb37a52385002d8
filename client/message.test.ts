import { expect, test } from "bun:test"
import fc from "fast-check"
import { payloadOf, readBase64, readMessage } from "./message.ts"

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

test("bytes arrive as they were sent", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { data } = payloadOf(bytes).frame
      expect(readMessage({ ...envelope, data, base64: true }).data).toEqual(bytes)
      expect(readBase64(data as string)).toEqual(bytes)
    }),
  )
})
