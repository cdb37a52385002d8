// What was published is what arrives: the bytes are the same, or what the numbered exceptions make of them. On one node, wherever messages
// rest on their way.
import { afterAll, beforeAll, describe, setDefaultTimeout } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { testEveryMethod } from "./method-suite.ts"
import { startPayloadServer, type PayloadServer } from "./payload-server.ts"

setDefaultTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), "laba-payloads-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const engine of ["memory", `sqlite:${folder}`])
  describe(`over the engine ${engine.split(":")[0]}`, () => {
    let node: PayloadServer
    beforeAll(async () => {
      node = await startPayloadServer({ engine })
    })
    afterAll(() => node[Symbol.asyncDispose]())
    testEveryMethod(() => ({ into: node, outOf: node }))
  })
