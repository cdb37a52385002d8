import { expect, test } from "bun:test"
import { Outbox } from "./outbox.ts"

/** A kernel that takes so many bytes, and counts what it was offered. */
class Kernel {
  room = 0
  offered = 0
  writes = 0
  readonly taken: number[] = []

  write(bytes: Uint8Array): number {
    this.writes++
    this.offered += bytes.length
    const taken = bytes.subarray(0, this.room)
    this.taken.push(...taken)
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
