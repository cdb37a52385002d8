import { expect, test } from "bun:test"
import { heapStats } from "bun:jsc"
import fc from "fast-check"
import { AgedMap } from "./aged-map.ts"

test("is a plain map whose first entry it knows, whatever is set and taken away", () => {
  const key = fc.nat({ max: 5 })
  const step = fc.oneof(fc.tuple(fc.constant("set"), key), fc.tuple(fc.constant("delete"), key))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new AgedMap<number, number>()
      const plain = new Map<number, number>()
      for (const [at, [what, name]] of steps.entries()) {
        const wasThere = plain.delete(name)
        if (what === "delete") expect(map.delete(name)).toBe(wasThere)
        else {
          plain.set(name, at)
          map.set(name, at)
        }
        const [first] = plain
        expect(map.oldest && [map.oldest.key, map.oldest.value]).toEqual(first ?? null)
        expect(map.get(name)).toBe(plain.get(name) as number)
        expect(map.size).toBe(plain.size)
      }
    }),
  )
})

test("keeps nothing of what was set over and over again", () => {
  const map = new AgedMap<number, number>()
  const count = 10_000
  for (let at = 0; at < count; at++) map.set(at, at)
  expect(map.oldest?.key).toBe(0)
  const sizeAfter = (rounds: number): number => {
    for (let at = 0; at < rounds * count; at++) map.set(at % count, at)
    Bun.gc(true)
    return heapStats().heapSize
  }
  const before = sizeAfter(10)
  expect(sizeAfter(100) - before).toBeLessThan(5e6)
})
