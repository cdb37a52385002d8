// A line against a list in which everybody is looked at.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { Line } from "./line.ts"

interface One {
  readonly number: number
  stands: boolean
}

type Step =
  | { readonly kind: "join"; readonly count: number }
  | { readonly kind: "take"; readonly count: number }
  | { readonly kind: "leave"; readonly at: number; readonly count: number }
  | { readonly kind: "look" }

const count = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 2500 }))

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("join" as const), count }),
  fc.record({ kind: fc.constant("take" as const), count }),
  fc.record({ kind: fc.constant("leave" as const), at: fc.double({ min: 0, max: 1, noNaN: true }), count }),
  fc.record({ kind: fc.constant("look" as const) }),
)

test("whoever joins, leaves and is served, the first, the last and all between are who they should be", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const line = new Line<One>(({ stands }) => stands)
      let all: One[] = []
      let joined = 0
      for (const each of steps) {
        if (each.kind === "join")
          for (let at = 0; at < each.count; at++) {
            const one = { number: ++joined, stands: true }
            line.join(one)
            all.push(one)
          }
        else if (each.kind === "take")
          for (let at = 0; at < each.count; at++) expect(line.take()).toBe(all.shift() ?? null)
        else if (each.kind === "leave") {
          const from = Math.floor(each.at * all.length)
          for (const one of all.slice(from, from + each.count)) one.stands = false
          all = all.filter(({ stands }) => stands)
        } else expect([...line]).toEqual(all)
        expect(line.first()).toBe(all[0] ?? null)
        expect(line.last()).toBe(all.at(-1) ?? null)
      }
      expect([...line]).toEqual(all)
    }),
  )
})
