import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Channel } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { printCursor } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import { checkIdempotencyKey } from "../idempotency-key.ts"
import { labaProtocol, printFrame } from "./frames.ts"

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

const encoded = (type: string, data: string | Uint8Array): unknown =>
  JSON.parse(labaProtocol.encode(message(type, data)) as string)

describe("sealing", () => {
  test("text is a string, JSON is itself, bytes are base64 and say so", () => {
    const common = {
      op: "message",
      channel: "/a",
      cursor: printCursor("/a", { epoch: "e", offset: 36 }),
      id: "n.1",
      time: 5,
    }
    expect(encoded("text/plain", 'a"\n')).toEqual({ ...common, type: "text/plain", data: 'a"\n' })
    expect(encoded("application/json", '{"a":[1]}')).toEqual({
      ...common,
      type: "application/json",
      data: { a: [1] },
    })
    expect(encoded("image/png", Uint8Array.of(0, 255))).toEqual({
      ...common,
      type: "image/png",
      data: "AP8=",
      base64: true,
    })
  })

  test("a frame is one line, whatever white space the JSON came with", () => {
    const frame = labaProtocol.encode(message("application/json", '{\r\n"a":\n1}')) as string
    expect(frame).not.toMatch(/[\r\n]/)
    expect(JSON.parse(frame).data).toEqual({ a: 1 })
  })

  test("any text and any bytes come back as they were", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => (encoded("text/plain", text) as { data: string }).data === text,
      ),
    )
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { data } = encoded("application/octet-stream", bytes) as { data: string }
        expect(new Uint8Array(Buffer.from(data, "base64"))).toEqual(bytes)
      }),
    )
  })
})

test("[L10] a ref goes back as the text that it came as, wherever the frame has fields", () => {
  for (const ref of ["1.0", "9007199254740993", '"\\u0041"', '"喇"', "-0", '""'] as JsonText[]) {
    expect(printFrame({ op: "pong" }, ref)).toBe(`{"op":"pong","ref":${ref}}`)
    expect(printFrame({ op: "accepted", channel: "/a" }, ref)).toBe(
      `{"op":"accepted","ref":${ref},"channel":"/a"}`,
    )
  }
  expect(printFrame({ op: "pong" })).toBe('{"op":"pong"}')
})

test("keys are printable ASCII without spaces, at most 255", () => {
  expect(checkIdempotencyKey("a-1")).toBe("a-1")
  for (const key of ["", " ", "a b", "ü", "x".repeat(256), "a\nb"])
    expect(() => checkIdempotencyKey(key)).toThrow(LabaError)
})
