// Every road in against every road out, with every payload: one suite, whatever carries messages between the two.
import { expect, test } from "bun:test"
import { testPayloads } from "./payloads.ts"
import { roadsIn } from "./roads-in.ts"
import { type Ear, expectedOn, type RoadOut, roadsOut } from "./roads-out.ts"
import type { Scene } from "./scene.ts"

/** Where payloads go in and where they are heard: one server, or two nodes. Asked for once it is there. */
export interface Ends {
  readonly into: Scene
  readonly outOf: Scene
}

export function runRoads(ends: () => Ends): void {
  for (const [index, road] of roadsIn.entries())
    test(`[P11] [P12] [P13] [M1] [N1] what comes in by ${road.name} goes out by every road as it was`, async () => {
      const { into, outOf } = ends()
      const channel = `/@7/c${index}`
      const ears: [RoadOut, Ear][] = []
      for (const out of roadsOut) ears.push([out, await out.open(outOf, channel)])
      for (const payload of testPayloads) {
        if (road.carries?.(payload) === false) continue
        await road.send(into, channel, payload)
        for (const [out, ear] of ears) {
          const heard = Buffer.from(await ear.next()).toString("latin1")
          const expected = Buffer.from(expectedOn(out.bend, payload)).toString("latin1")
          const named = { out: out.name, payload: payload.name }
          // Long ones are told by where they begin.
          if (heard !== expected)
            expect({ ...named, heard: heard.slice(0, 300) }).toEqual({
              ...named,
              heard: expected.slice(0, 300),
            })
          expect(heard === expected).toBe(true)
        }
      }
      for (const [, ear] of ears) await ear.close()
    })
}
