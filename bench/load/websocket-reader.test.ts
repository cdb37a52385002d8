import { expect, test } from "bun:test"
import { blankMessage, stamp } from "./message.ts"
import { Tally } from "./tally.ts"
import { maskedText, WebSocketReader } from "./websocket-reader.ts"

function message(number: number, envelope = ""): Buffer {
  const text = blankMessage(120)
  stamp(text, 0, { publisher: 0, number })
  const payload = Buffer.concat([Buffer.from(envelope), text])
  const head =
    payload.length < 126 ? [0x81, payload.length] : [0x81, 126, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from(head), payload])
}

const tally = () => new Tally({ listeners: 1, publishers: 1, sampleEvery: 1 })
const silent = { write: () => 0 }

test("counts each message once, wherever the stream is cut", () => {
  const stream = Buffer.concat([
    message(1),
    Buffer.from([0x89, 0]),
    message(2, '{"op":"message","data":"'),
    message(3),
  ])
  for (let cut = 0; cut <= stream.length; cut++) {
    const heard = tally()
    const reader = new WebSocketReader(0, heard)
    reader.read(stream.subarray(0, cut), silent)
    reader.read(stream.subarray(cut), silent)
    expect([heard.deliveries, heard.faultCount]).toEqual([3, 0])
  }
})

test("answers a ping with an empty masked pong", () => {
  const written: Uint8Array[] = []
  new WebSocketReader(0, tally()).read(Buffer.from([0x89, 0]), { write: (bytes) => written.push(bytes) })
  expect(written.map((bytes) => [...bytes])).toEqual([[0x8a, 0x80, 0, 0, 0, 0]])
})

test("hands a greeting to the protocol and sends back what it says", () => {
  const written: Uint8Array[] = []
  const reader = new WebSocketReader(0, tally(), (text) => (text === "0{}" ? "40" : undefined))
  reader.read(Buffer.from([0x81, 3, ...Buffer.from("0{}")]), { write: (bytes) => written.push(bytes) })
  expect(written).toEqual([maskedText("40")])
})

test("remembers the code of a close frame", () => {
  const reader = new WebSocketReader(0, tally())
  reader.read(Buffer.from([0x88, 2, 4200 >> 8, 4200 & 0xff]), silent)
  expect(reader.closeCode).toBe(4200)
})
