import { expect, test } from "bun:test"
import fc from "fast-check"
import { generate, type Packet, parser } from "mqtt-packet"
import { PacketSizes } from "./packet-sizes.ts"

const bytesMax = 300

function read(bytes: Buffer, cuts: readonly number[]) {
  const packets: Packet[] = []
  const lengths: number[] = []
  const codec = parser({ protocolVersion: 5 })
  codec.on("packet", (packet) => packets.push(packet))
  const sizes = new PacketSizes({
    bytesMax,
    onBytes: (some) => codec.parse(some),
    onPassedOver({ packet, bytes: length }) {
      packets.push(packet)
      lengths.push(length)
    },
  })
  let from = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    sizes.take(bytes.subarray(from, cut))
    from = Math.max(from, cut)
  }
  sizes.take(bytes.subarray(from))
  return { packets, lengths }
}

test("passes over the payloads that are too large, however the bytes are cut, and nothing else", () => {
  const message = fc.record({
    size: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.constantFrom(127, 128, 16_383, 16_384, 70_000)),
    qos: fc.constantFrom(0, 1, 2) as fc.Arbitrary<0 | 1 | 2>,
    topic: fc.constantFrom("a", "orders/eu", "t".repeat(200), "t".repeat(290)),
  })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 80_000 })),
      (all, cuts) => {
        const sent = all.map(({ size, qos, topic }, at): Packet => ({
          ...{
            cmd: "publish",
            topic,
            qos,
            dup: false,
            retain: at % 2 === 0,
            payload: Buffer.alloc(size, 120),
          },
          ...(qos > 0 && { messageId: at + 1 }),
        }))
        const bytes = Buffer.concat(sent.map((packet) => generate(packet, { protocolVersion: 5 })))
        const { packets } = read(bytes, cuts)
        expect(packets).toHaveLength(sent.length)
        for (const [at, packet] of packets.entries()) {
          const { size, qos, topic } = all[at] as (typeof all)[number]
          if (packet.cmd !== "publish") throw new Error(packet.cmd)
          expect(packet.topic).toBe(topic)
          expect(packet.retain).toBe(at % 2 === 0)
          expect(packet.qos).toBe(qos)
          if (qos > 0) expect(packet.messageId).toBe(at + 1)
          const length = 2 + topic.length + (qos > 0 ? 2 : 0) + 1 + size
          expect(packet.payload).toHaveLength(length > bytesMax ? 0 : size)
        }
      },
    ),
  )
})

test("says how large a packet was", () => {
  const packet: Packet = {
    cmd: "publish",
    topic: "a",
    qos: 1,
    messageId: 7,
    dup: false,
    retain: false,
    payload: "x".repeat(1000),
  }
  const { lengths } = read(generate(packet, { protocolVersion: 5 }), [])
  expect(lengths).toEqual([1006])
})
