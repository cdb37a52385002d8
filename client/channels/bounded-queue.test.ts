import { expect, test } from "bun:test"
import { createBoundedQueue } from "./bounded-queue.ts"

test("gives items in order, also to readers that came before them", async () => {
  const buffer = createBoundedQueue<number>(4, () => {})
  const first = buffer.next()
  const second = buffer.next()
  buffer.push(1)
  buffer.push(2)
  buffer.push(3)
  expect([await first, await second, await buffer.next()].map(({ value }) => value)).toEqual([1, 2, 3])
})

test("is full at its bound, and says once that it was read down to a half", async () => {
  let drained = 0
  const buffer = createBoundedQueue<number>(4, () => drained++)
  for (const n of [1, 2, 3, 4]) buffer.push(n)
  expect(buffer.isFull()).toBe(true)
  await buffer.next()
  expect([buffer.isFull(), drained]).toEqual([true, 0])
  await buffer.next()
  expect([buffer.isFull(), drained]).toEqual([false, 1])
})

test("ends after what waits, with its failure once", async () => {
  const buffer = createBoundedQueue<number>(4, () => {})
  buffer.push(1)
  buffer.end(new Error("over"))
  expect(await buffer.next()).toEqual({ done: false, value: 1 })
  await expect(buffer.next()).rejects.toThrow("over")
  expect(await buffer.next()).toEqual({ done: true, value: undefined })
})

test("lets waiting readers go when it ends or is left", async () => {
  const buffer = createBoundedQueue<number>(4, () => {})
  const waiting = [buffer.next(), buffer.next()]
  await buffer.return()
  expect((await Promise.all(waiting)).every(({ done }) => done)).toBe(true)
})
