import { expect, test } from "bun:test"
import { type Reader, SlowReaders } from "./slow-readers.ts"

class Backlogged implements Reader {
  readonly transport = "sse"
  readonly channels = ["/a"]
  closed = false
  bytes: number
  /** Whether its channels skip. */
  skips = false
  setAsideCount = 0
  resumed = 0
  ended = 0
  private drain = (): void => {}

  constructor(bytes: number) {
    this.bytes = bytes
  }

  /** How often it was found slow. */
  get judged(): number {
    return this.setAsideCount + this.ended
  }

  backlogBytes(): number {
    return this.bytes
  }

  startSkipping(): (() => void) | null {
    if (!this.skips) return null
    this.setAsideCount++
    return () => void this.resumed++
  }

  drained(): Promise<void> {
    return new Promise((resolve) => (this.drain = resolve))
  }

  /** Everything was read. */
  async read(): Promise<void> {
    this.bytes = 0
    this.drain()
    await Promise.resolve()
  }

  endAsSlow(): void {
    this.ended++
  }
}

const skipping = (bytes: number): Backlogged => Object.assign(new Backlogged(bytes), { skips: true })

function start() {
  let ms = 1
  const endedUnasked: Reader[] = []
  const slow = new SlowReaders({
    outboxBytesMax: 1000,
    now: () => ms,
    onEnd: (reader) => endedUnasked.push(reader),
  })
  return {
    endedUnasked,
    suspect: (reader: Reader) => slow.suspect(reader),
    judge: (reader: Reader) => slow.judge(reader),
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
  reader.closed = true
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

test("a reader below the bound may stay behind for as long as it takes something", () => {
  using t = start()
  const reader = new Backlogged(1000)
  t.suspect(reader)
  for (let i = 0; i < 100; i++) {
    reader.bytes = i % 2 === 0 ? 900 : 1000
    t.lookAfter(1000)
  }
  expect(reader.judged).toBe(0)
})

test("[S11] a reader that has taken nothing for a minute is ended, however little waits", () => {
  using t = start()
  const reader = new Backlogged(10)
  t.suspect(reader)
  for (let i = 0; i < 59; i++) t.lookAfter(1000)
  expect(reader.ended).toBe(0)
  t.lookAfter(1000)
  expect(reader.ended).toBe(1)
  expect(t.endedUnasked).toEqual([reader])
})

test("[S11] so is one that skips, and one that drains is in its groups again instead", async () => {
  using t = start()
  const dead = skipping(5000)
  const alive = skipping(5000)
  for (const reader of [dead, alive]) t.judge(reader)
  t.lookAfter(30_000)
  await alive.read()
  t.lookAfter(30_000)
  expect([dead.setAsideCount, dead.ended, dead.resumed]).toEqual([1, 1, 0])
  expect([alive.setAsideCount, alive.ended, alive.resumed]).toEqual([1, 0, 1])
})

test("what piles up behind a reader that skips cannot be skipped: another outbox of it ends it", () => {
  using t = start()
  const reader = skipping(1500)
  t.judge(reader)
  reader.bytes = 2500
  t.judge(reader)
  t.lookAfter(2000)
  expect([reader.setAsideCount, reader.ended]).toEqual([1, 0])
  reader.bytes = 2501
  t.lookAfter(250)
  expect(reader.ended).toBe(1)
  expect(t.endedUnasked).toEqual([reader])
})

test("a reader that drained and falls behind again has its channels' say again", async () => {
  using t = start()
  const reader = skipping(1500)
  t.judge(reader)
  await reader.read()
  reader.bytes = 3000
  t.judge(reader)
  expect([reader.setAsideCount, reader.ended]).toEqual([2, 0])
})

test("the last word to a reader that is being ended is no new offence", () => {
  using t = start()
  const reader = new Backlogged(2000)
  reader.endAsSlow = () => {
    reader.ended++
    t.judge(reader)
  }
  t.judge(reader)
  expect(reader.ended).toBe(1)
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
