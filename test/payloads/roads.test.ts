// [P11] What was published is what arrives: every road in, every road out, every payload that is easily bent. The bytes are the same, or
// what the numbered exceptions make of them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { testPayloads } from "./payloads.ts"
import { roadsIn } from "./roads-in.ts"
import { type Ear, expectedOn, type RoadOut, roadsOut } from "./roads-out.ts"
import { openScene, type Scene } from "./scene.ts"

setDefaultTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), "laba-payloads-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Where messages rest on their way is part of it. */
const engines: readonly (readonly [name: string, address: string | undefined])[] = [
  ["memory", undefined],
  ["sqlite", `sqlite:${folder}`],
]

for (const [engine, address] of engines) {
  describe(`over the engine ${engine}`, () => {
    let scene: Scene
    beforeAll(async () => {
      scene = await openScene(address)
    })
    afterAll(() => scene[Symbol.asyncDispose]())

    for (const [index, road] of roadsIn.entries()) {
      test(`[P11] [P12] [P13] [M1] [N1] what comes in by ${road.name} goes out by every road as it was`, async () => {
        const channel = `/@7/c${index}`
        const ears: [RoadOut, Ear][] = []
        for (const out of roadsOut) ears.push([out, await out.open(scene, channel)])
        for (const payload of testPayloads) {
          if (road.carries?.(payload) === false) continue
          await road.send(scene, channel, payload)
          for (const [out, ear] of ears) {
            const heard = Buffer.from(await ear.next()).toString("latin1")
            const expected = Buffer.from(expectedOn(out.bend, payload)).toString("latin1")
            if (heard !== expected)
              expect({ out: out.name, payload: payload.name, heard: heard.slice(0, 300) }).toEqual({
                out: out.name,
                payload: payload.name,
                heard: expected.slice(0, 300),
              })
          }
        }
        for (const [, ear] of ears) await ear.close()
      })
    }
  })
}
