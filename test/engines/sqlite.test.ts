import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaultLimits } from "../../wire/limits.ts"
import { SqliteEngine } from "../../src/engines/sqlite/sqlite-engine.ts"
import { engineContract } from "./contract.ts"

for (const acknowledge of ["durable", "first"] as const) {
  engineContract(`sqlite, acknowledge: ${acknowledge}`, {
    async make(events, { historyBytesMax: diskBytesMax, ...keys }) {
      const directory = mkdtempSync(join(tmpdir(), "laba-sqlite-"))
      const limits = { ...defaultLimits, ...keys }
      const engine = new SqliteEngine(events, { directory, limits, acknowledge, diskBytesMax })
      const end = async () => {
        await engine.close()
        rmSync(directory, { recursive: true })
      }
      return { engine, [Symbol.asyncDispose]: end }
    },
  })
}
