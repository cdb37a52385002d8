import { bytesOfBase64 } from "../../wire/base64.ts"
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { ServerFrame } from "../../wire/frames.ts"
import { parseFrame } from "../frames/parse-frame.ts"
import { encodePayload } from "../publishing/payload.ts"
import { readMessage, withPayload } from "./message.ts"

const envelope = { channel: "/a", cursor: "e-1", id: "1", time: 0, type: "application/octet-stream" }

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
      const { data } = encodePayload(bytes).frame
      expect(readMessage({ ...envelope, data, base64: true }).data).toEqual(bytes)
      expect(bytesOfBase64(data as string)).toEqual(bytes)
    }),
  )
})

test("the text of JSON is its publisher's own under every type that means JSON", () => {
  for (const type of ["application/json", "application/geo+json", "text/json", "model/gltf+json"]) {
    const text = `{"op":"message","channel":"/a","cursor":"e-1","id":"1","time":0,"type":"${type}","data":{"n":1.0}}`
    const message = readMessage(parseFrame(text) as Extract<ServerFrame, { op: "message" }>)
    expect([type, message.text, message.data]).toEqual([type, '{"n":1.0}', { n: 1 }])
  }
})
