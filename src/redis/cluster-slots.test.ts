import { expect, test } from "bun:test"
import { isWhole, readSlots, slotOf } from "./cluster-slots.ts"

test("a tag has the hash slot that the Cluster specification gives it", () => {
  // The check value of CRC16/XMODEM is 0x31c3.
  expect(slotOf("123456789")).toBe(0x31c3 % 16_384)
  expect(slotOf("foo")).toBe(12_182)
  expect(slotOf("")).toBe(0)
})

const node = (host: string | null, port: number) => [host === null ? null : Buffer.from(host), port] as const

test("an answer to CLUSTER SLOTS says where each slot is; a node that does not know its name is where it was asked", () => {
  const map = readSlots(
    [
      [0, 8191, node("10.0.0.1", 6379), node("10.0.0.9", 6379)],
      [8192, 16_383, node(null, 6380)],
    ],
    "10.0.0.2",
  )
  expect([map[0], map[8191], map[8192], map[16_383]]).toEqual([
    "10.0.0.1:6379",
    "10.0.0.1:6379",
    "10.0.0.2:6380",
    "10.0.0.2:6380",
  ])
  expect(isWhole(map)).toBe(true)
})

test("a map with a hole, and none at all, are not whole", () => {
  expect(isWhole(readSlots([[0, 100, node("a", 1)]], "a"))).toBe(false)
  expect(isWhole(readSlots(null, "a"))).toBe(false)
  expect(isWhole([])).toBe(false)
})
