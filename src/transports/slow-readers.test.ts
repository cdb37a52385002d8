import { expect, test } from "bun:test"
import { type Reader, SlowReaders } from "./slow-readers.ts"

class Backlogged implements Reader {
  closed = false
  bytes: number
  judged = 0

  constructor(bytes: number) {
    this.bytes = bytes
  }

  backlogBytes(): number {
    return this.bytes
  }

  onSlow(): void {
    this.judged++
  }
}

function start() {
  let ms = 1
  const slow = new SlowReaders({ outboxBytesMax: 1000, now: () => ms })
  return {
    suspect: (reader: Reader) => slow.suspect(reader),
    lookAfter: (passed: number) => {
      ms += passed
      slow.look()
    },
    [Symbol.dispose]: () => slow.stop(),
  }
}

test("a burst that is gone by the second look closes nobody", () => {
  using t = start()
  const reader = new Backlogged(2000)
  t.suspect(reader)
  t.lookAfter(0)
  reader.bytes = 500
  t.lookAfter(500)
  reader.bytes = 2000
  t.lookAfter(500)
  t.lookAfter(500)
  expect(reader.judged).toBe(0)
})

test("a reader above the bound at two looks a second apart is slow, once", () => {
  using t = start()
  const reader = new Backlogged(2000)
  t.suspect(reader)
  t.lookAfter(0)
  t.lookAfter(999)
  expect(reader.judged).toBe(0)
  t.lookAfter(1)
  t.lookAfter(1000)
  expect(reader.judged).toBe(1)
})

test("a reader far above the bound is slow at once", () => {
  using t = start()
  const reader = new Backlogged(4001)
  t.suspect(reader)
  t.lookAfter(0)
  expect(reader.judged).toBe(1)
})

test("a reader below the bound may stay behind for as long as it likes", () => {
  using t = start()
  const reader = new Backlogged(1000)
  t.suspect(reader)
  for (let i = 0; i < 100; i++) t.lookAfter(1000)
  expect(reader.judged).toBe(0)
})

test("one that is closed meanwhile is not judged", () => {
  using t = start()
  const reader = new Backlogged(2000)
  t.suspect(reader)
  t.lookAfter(0)
  reader.closed = true
  t.lookAfter(2000)
  expect(reader.judged).toBe(0)
})
