// What one synced write of a page costs here, in milliseconds. `kill -9` does not test it; a power cut would.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const times = 200

export function syncMs(): number {
  const directory = mkdtempSync(join(tmpdir(), "flash-sale-sync-"))
  const file = openSync(join(directory, "sync"), "w")
  const page = Buffer.alloc(4096)
  const start = performance.now()
  for (let time = 0; time < times; time++) {
    writeSync(file, page, 0, page.length, time * page.length)
    fsyncSync(file)
  }
  const elapsedMs = performance.now() - start
  closeSync(file)
  rmSync(directory, { recursive: true })
  return elapsedMs / times
}
