import { expect, test } from "bun:test"
import { AgedMap } from "./aged-map.ts"

test("the oldest is what was set longest ago and is still there", () => {
  const map = new AgedMap<string, number>()
  expect(map.oldest).toBeUndefined()
  map.set("a", 1).set("b", 2).set("c", 3)
  expect(map.oldest).toEqual(["a", 1])
  map.set("a", 4)
  expect(map.oldest).toEqual(["b", 2])
  map.delete("b")
  map.delete("c")
  expect(map.oldest).toEqual(["a", 4])
  map.delete("a")
  expect(map.oldest).toBeUndefined()
  map.set("d", 5)
  expect(map.oldest).toEqual(["d", 5])
})

test("the oldest is that of a plain map, whatever is set and taken away", () => {
  const map = new AgedMap<number, number>()
  const plain = new Map<number, number>()
  let state = 1
  for (let step = 0; step < 20_000; step++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    const key = (state >>> 8) % 50
    plain.delete(key)
    if ((state >>> 20) % 3 > 0) {
      plain.set(key, step)
      map.set(key, step)
    } else map.delete(key)
    if ((state >>> 24) % 2 > 0) expect(map.oldest).toEqual(plain.entries().next().value)
  }
})
