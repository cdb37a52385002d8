import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Channel } from "../../channels/channel.ts"
import { printRecord, readAnnouncement, readRecord } from "./record.ts"

const words = fc.record({
  id: fc.stringMatching(/^[0-9a-z]{1,8}\.[0-9a-z]{1,6}$/),
  type: fc.constantFrom("text/plain", "application/json", "image/svg+xml"),
  time: fc.maxSafeNat(),
})
const headers = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), {
  minLength: 1,
})
const channel = "/a" as Channel

test("a record gives back the message that it was printed from, byte for byte", () => {
  const payload = fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array())
  fc.assert(
    fc.property(words, payload, fc.option(headers, { nil: undefined }), (about, data, said) => {
      const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length
      const message = { ...about, data, bytes, ...(said && { headers: said }) }
      // As the script that accepts it stores it.
      const record = Buffer.concat([
        Buffer.from(`${about.time} `),
        Buffer.from(printRecord({ channel, ...message })),
      ])
      expect(readRecord(record)).toEqual(message)
    }),
  )
})

test("an announcement says where a message stands, whatever its record holds", () => {
  const record = Buffer.from(
    `5 ${printRecord({ channel, id: "n.1", type: "text/plain", bytes: 3, data: "a\nb" })}`,
  )
  const payload = Buffer.concat([Buffer.from("gen1Z2 7 /a\n"), record])
  const { epoch, offset, ...rest } = readAnnouncement(payload)
  expect([epoch, offset, rest.channel]).toEqual(["gen1Z2", 7, channel])
  expect(readRecord(rest.record)).toMatchObject({ data: "a\nb", id: "n.1", time: 5 })
})

test("what others write to our names is refused, never half a message", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      for (const read of [readRecord, readAnnouncement])
        try {
          read(Buffer.from(bytes))
        } catch (error) {
          expect((error as Error).message).toContain("of Laba")
        }
    }),
  )
  for (const text of ["", "e 1 /a", "e x /a\n", "\n"])
    expect(() => readAnnouncement(Buffer.from(text))).toThrow("not an announcement")
  for (const text of ["", "1 2 text id", "1 2 text\n", "1 2 text a b c\n"])
    expect(() => readRecord(Buffer.from(text))).toThrow("not a message")
})
