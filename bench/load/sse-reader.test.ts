import { expect, test } from "bun:test"
import { blankMessage, stamp } from "./message.ts"
import { SseReader } from "./sse-reader.ts"
import { Tally } from "./tally.ts"

function chunk(number: number): Buffer {
  const text = blankMessage(120)
  stamp(text, 0, { publisher: 0, number })
  const event = `id: k3f9a-${number.toString(36)}\ndata: ${text.toString()}\n\n`
  return Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`)
}

test("counts each message once, wherever the stream is cut", () => {
  const stream = Buffer.concat([Buffer.from("3\r\n:\n\n\r\n"), chunk(1), chunk(2), chunk(3)])
  for (let cut = 0; cut <= stream.length; cut++) {
    const tally = new Tally({ listeners: 1, publishers: 1, sampleEvery: 1 })
    const reader = new SseReader(0, tally, 120)
    reader.read(stream.subarray(0, cut))
    reader.read(stream.subarray(cut))
    expect([tally.deliveries, tally.faultCount]).toEqual([3, 0])
  }
})

test("reads a message that comes byte by byte", () => {
  const tally = new Tally({ listeners: 1, publishers: 1, sampleEvery: 1 })
  const reader = new SseReader(0, tally, 120)
  for (const byte of Buffer.concat([chunk(1), chunk(2)])) reader.read(Buffer.from([byte]))
  expect([tally.deliveries, tally.faultCount]).toEqual([2, 0])
})
