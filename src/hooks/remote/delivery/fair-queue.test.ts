import { expect, test } from "bun:test"
import { FairQueue, senderOf } from "./fair-queue.ts"

test("a crowd of one sender waits behind itself, in order", () => {
  const queue = new FairQueue<string>(100)
  for (let i = 0; i < 5; i++) queue.add("crowd", `crowd ${i}`)
  queue.add("one", "one")
  queue.add("two", "two")
  const served = Array.from({ length: 8 }, () => queue.shift())
  expect(served).toEqual(["crowd 0", "one", "two", "crowd 1", "crowd 2", "crowd 3", "crowd 4", undefined])
  expect(queue.size).toBe(0)
})

test("whoever gives up leaves from the middle, and once", () => {
  const queue = new FairQueue<string>(100)
  for (const one of ["a", "b", "c"]) queue.add("x", one)
  queue.delete("x", "b")
  queue.delete("x", "b")
  queue.delete("y", "a")
  expect(queue.size).toBe(2)
  expect(queue.drain()).toEqual(["a", "c"])
  expect([queue.size, queue.shift()]).toEqual([0, undefined])
})

test("no sender takes all the room", () => {
  const queue = new FairQueue<number>(100)
  let mine = 0
  while (queue.hasRoomFor("crowd")) queue.add("crowd", mine++)
  expect(mine).toBe(50)
  expect(queue.hasRoomFor("one")).toBeTrue()
  for (let i = 0; queue.size < 100; i++) {
    expect(queue.hasRoomFor(`${i}`)).toBeTrue()
    queue.add(`${i}`, i)
  }
  expect(queue.hasRoomFor("last")).toBeFalse()
})

test("a user who is called as an address is another sender", () => {
  expect(senderOf("203.0.113.7", null)).not.toBe(senderOf(undefined, "203.0.113.7"))
})
