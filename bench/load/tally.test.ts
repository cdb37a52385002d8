import { expect, test } from "bun:test"
import { blankMessage, stamp } from "./message.ts"
import { Tally } from "./tally.ts"

function hear(tally: Tally, listener: number, ...heads: [publisher: number, number: number][]): void {
  for (const [publisher, number] of heads) {
    const text = blankMessage(120)
    stamp(text, 0, { publisher, number })
    tally.add(listener, text, 0)
  }
}

const tallyOf = (listeners: number) => new Tally({ listeners, publishers: 2, sampleEvery: 1 })

test("finds a message that is missing, doubled or out of order", () => {
  for (const numbers of [
    [1, 3],
    [1, 1],
    [1, 2, 1],
  ]) {
    const tally = tallyOf(1)
    hear(tally, 0, ...numbers.map((number): [number, number] => [0, number]))
    expect(tally.faultCount).toBe(1)
  }
})

test("lets publishers interleave and a late listener begin anywhere", () => {
  const tally = tallyOf(1)
  hear(tally, 0, [0, 7], [1, 3], [0, 8], [1, 4])
  expect(tally.faults).toEqual([])
})

test("finds two listeners who heard another order, and one who heard less", () => {
  const tally = tallyOf(3)
  hear(tally, 0, [0, 1], [1, 1])
  hear(tally, 1, [1, 1], [0, 1])
  hear(tally, 2, [0, 1])
  tally.compareOrders([0, 1, 2])
  expect(tally.faults).toEqual([
    "listeners 1 and 0 heard another order",
    "listener 2 heard 1 messages, listener 0 2",
  ])
})

test("counts nobody's past against who takes their place", () => {
  const tally = tallyOf(1)
  hear(tally, 0, [0, 1])
  tally.restart(0)
  hear(tally, 0, [0, 9])
  expect(tally.faultCount).toBe(0)
})
