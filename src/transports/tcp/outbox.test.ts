import { expect, test } from "bun:test"
import fc from "fast-check"
import { Outbox } from "./outbox.ts"

/** A kernel that takes so many bytes, and counts what it was offered. */
class Kernel {
  room = 0
  offered = 0
  writes = 0
  readonly taken: number[] = []
  /** The memory of what was offered last. */
  memory: ArrayBufferLike | null = null

  write(bytes: Uint8Array): number {
    this.writes++
    this.offered += bytes.length
    this.memory = bytes.buffer
    const taken = bytes.subarray(0, this.room)
    for (const byte of taken) this.taken.push(byte)
    this.room -= taken.length
    return taken.length
  }
}

test("while the kernel takes nothing, what is added is kept, and neither offered nor copied again", async () => {
  const kernel = new Kernel()
  const outbox = new Outbox(kernel, () => undefined)
  for (let at = 0; at < 1000; at++) {
    outbox.add(Uint8Array.of(at % 256))
    await Promise.resolve()
  }
  expect(kernel.offered).toBeLessThan(10)
  expect(outbox.bytes).toBe(1000)
})

test("what waited leaves in order and whole, however little is taken at a time", async () => {
  const kernel = new Kernel()
  const outbox = new Outbox(kernel, () => undefined)
  const all = Array.from({ length: 1000 }, (_, at) => at % 256)
  for (const byte of all) outbox.add(Uint8Array.of(byte))
  await Promise.resolve()
  while (outbox.bytes > 0) {
    kernel.room = 7
    outbox.flush()
  }
  expect(kernel.taken).toEqual(all)
})

test("a long backlog is offered in pieces: what is not taken is not copied once more each time", () => {
  const kernel = new Kernel()
  const outbox = new Outbox(kernel, () => undefined)
  for (let at = 0; at < 64; at++) outbox.add(new Uint8Array(64 * 1024))
  outbox.flush()
  expect(kernel.offered).toBeLessThan(512 * 1024)
})

test("a long chunk that waits for many is in memory once: each is given a view of it", () => {
  const shared = new Uint8Array(100_000)
  const kernels = [new Kernel(), new Kernel()]
  for (const kernel of kernels) {
    const outbox = new Outbox(kernel, () => undefined)
    outbox.add(shared)
    kernel.room = 10
    outbox.flush()
    outbox.add(Uint8Array.of(1))
    outbox.flush()
    expect(kernel.memory).toBe(shared.buffer)
    expect(outbox.bytes).toBe(99_991)
  }
})

test("whatever is added, and however much is taken when, all of it leaves, once and in order", () => {
  const sizes = fc.oneof(
    fc.nat(20),
    fc.nat(20),
    fc.nat(2000),
    fc.constantFrom(0, 65_535, 65_536, 65_537, 262_144, 262_145, 300_000),
  )
  const step = fc.record({
    add: fc.array(sizes, { maxLength: 5 }),
    room: fc.oneof(fc.nat(40), fc.nat(400_000)),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const kernel = new Kernel()
      const outbox = new Outbox(kernel, () => undefined)
      let next = 0
      const sent: Uint8Array[] = []
      for (const { add, room } of steps) {
        for (const size of add) {
          const chunk = Uint8Array.from({ length: size }, () => next++ % 251)
          sent.push(chunk)
          outbox.add(chunk)
        }
        kernel.room = room
        outbox.flush()
      }
      const all = Buffer.concat(sent)
      expect(outbox.bytes).toBe(all.length - kernel.taken.length)
      while (outbox.bytes > 0) {
        kernel.room = 50_000
        outbox.flush()
      }
      expect(Buffer.from(kernel.taken).equals(all)).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test("who is cleared while it is written to offers nothing more", () => {
  const outbox: Outbox = new Outbox({ write: () => (outbox.clear(), -1) }, () => undefined)
  outbox.add(new Uint8Array(10))
  outbox.flush()
  outbox.flush()
  expect(outbox.bytes).toBe(0)
})
