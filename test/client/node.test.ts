// Node as a client, by the module build that other programs get. Bun as a client is every other test here.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildClient } from "../../client/build.ts"
import { freshChannel, startServer } from "../support/server.ts"

let directory = ""
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "laba-client-"))
  await Bun.write(join(directory, "client.mjs"), (await buildClient("module")).code)
})
afterAll(() => rm(directory, { recursive: true }))

for (const transport of ["websocket", "sse", "poll"]) {
  test(`Node over ${transport}: publishes, hears, resumes, and ends when it has closed`, async () => {
    await using server = await startServer()
    const script = join(import.meta.dir, "client-on-node.mjs")
    const node = Bun.spawn(
      ["node", script, join(directory, "client.mjs"), server.base, transport, freshChannel()],
      {
        stdout: "pipe",
        stderr: "pipe",
      },
    )
    const [said, wrong] = await Promise.all([
      new Response(node.stdout).text(),
      new Response(node.stderr).text(),
    ])
    expect([said, wrong]).toEqual([`"one"\n{"two":2}\n[3]\n`, ""])
    expect(await node.exited).toBe(0)
  }, 30_000)
}
