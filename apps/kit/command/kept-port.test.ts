import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { keptPort } from "./kept-port.ts"

test("a service comes back at its port, and at another one only while that is taken", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kept-port-"))
  const somebody = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() })
  const ask = (): number =>
    keptPort({ folder, name: "laba", host: "127.0.0.1", wish: somebody.port as number })
  try {
    const first = ask()
    expect(first).not.toBe(somebody.port as number)
    await somebody.stop(true)
    // The wish is free again; who has found the service at the other one still does.
    expect(ask()).toBe(first)
    writeFileSync(join(folder, "laba-port"), "nonsense")
    expect(ask()).toBe(somebody.port as number)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
