import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Channel } from "../channels/channel.ts"
import type { Message } from "../engines/engine.ts"
import { LabaError } from "../../wire/error.ts"
import { BadFrame, checkKey, decodeFrame, labaProtocol, payloadOf } from "./laba.ts"

const message = (type: string, data: string | Uint8Array): Message => ({
  channel: "/a" as Channel,
  epoch: "e",
  offset: 36,
  type,
  data,
  bytes: data.length,
  id: "n.1",
  time: 5,
})

const sealed = (type: string, data: string | Uint8Array): unknown =>
  JSON.parse(labaProtocol.seal(message(type, data)) as string)

describe("sealing", () => {
  test("text is a string, JSON is itself, bytes are base64 and say so", () => {
    const common = { op: "message", channel: "/a", cursor: "e-10", id: "n.1", time: 5 }
    expect(sealed("text/plain", 'a"\n')).toEqual({ ...common, type: "text/plain", data: 'a"\n' })
    expect(sealed("application/json", '{"a":[1]}')).toEqual({
      ...common,
      type: "application/json",
      data: { a: [1] },
    })
    expect(sealed("image/png", Uint8Array.of(0, 255))).toEqual({
      ...common,
      type: "image/png",
      data: "AP8=",
      base64: true,
    })
  })

  test("a frame is one line, whatever white space the JSON came with", () => {
    const frame = labaProtocol.seal(message("application/json", '{\r\n"a":\n1}')) as string
    expect(frame).not.toMatch(/[\r\n]/)
    expect(JSON.parse(frame).data).toEqual({ a: 1 })
  })

  test("any text and any bytes come back as they were", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => (sealed("text/plain", text) as { data: string }).data === text,
      ),
    )
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { data } = sealed("application/octet-stream", bytes) as { data: string }
        expect(new Uint8Array(Buffer.from(data, "base64"))).toEqual(bytes)
      }),
    )
  })
})

describe("decoding", () => {
  test("never throws anything but BadFrame, whatever it is given", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object({ key: fc.constantFrom("op", "ref", "channel", "data", "x") }).map((o) => JSON.stringify(o)),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          const frame = decodeFrame(text)
          expect(typeof frame.op).toBe("string")
        } catch (error) {
          expect(error).toBeInstanceOf(BadFrame)
        }
      }),
      { numRuns: 500 },
    )
  })

  test("a wrong frame with a ref names it, so that its sender can be answered", () => {
    const wrong = [
      '{"op":"subscribe","ref":7}',
      '{"op":"fly","ref":"x"}',
      '{"op":"publish","ref":1,"channel":"/a"}',
    ]
    for (const text of wrong) {
      try {
        decodeFrame(text)
        throw new Error(`accepted ${text}`)
      } catch (error) {
        expect((error as BadFrame).ref).toBe(JSON.parse(text).ref)
      }
    }
  })

  test("refs that are too long or of another kind are refused", () => {
    for (const ref of ["x".repeat(65), {}, [], true, null]) {
      expect(() => decodeFrame(JSON.stringify({ op: "ping", ref }))).toThrow(BadFrame)
    }
  })
})

describe("payloads", () => {
  const of = (frame: object) => payloadOf({ op: "publish", channel: "/a", data: null, ...frame })

  test("are JSON by default, text by a text type, bytes by base64", () => {
    expect(of({ data: { a: "喇" } })).toEqual({ type: "application/json", data: '{"a":"喇"}', bytes: 11 })
    expect(of({ data: "喇", type: "text/plain" })).toEqual({ type: "text/plain", data: "喇", bytes: 3 })
    expect(of({ data: "AP8=", type: "image/png", base64: true })).toEqual({
      type: "image/png",
      data: Uint8Array.of(0, 255),
      bytes: 2,
    })
  })

  test("that do not fit their type are refused", () => {
    const wrong = [
      { data: 1, type: "text/plain" },
      { data: "x", type: "image/png" },
      { data: "=", type: "image/png", base64: true },
      { data: "AP8=", type: "text/plain", base64: true },
      { data: "x", type: "not a type" },
      { data: 1, type: "image/png", base64: true },
    ]
    for (const frame of wrong) expect(() => of(frame)).toThrow(BadFrame)
  })
})

test("keys are printable ASCII without spaces, at most 255", () => {
  expect(checkKey("a-1")).toBe("a-1")
  for (const key of ["", " ", "a b", "ü", "x".repeat(256), "a\nb"])
    expect(() => checkKey(key)).toThrow(LabaError)
})
