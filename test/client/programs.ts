// The client as programs get it: the module build, run by whatever runs JavaScript.
import { expect } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildClient } from "../../client/build.ts"
import { freshChannel, startServer } from "../support/server.ts"

export const transports = ["websocket", "sse", "poll"] as const

/** Runs the program over one transport: it hears what it publishes, resumes, and ends by itself when it has closed. */
export async function expectToTalk(
  runtime: string | readonly string[],
  transport: (typeof transports)[number],
): Promise<void> {
  await using server = await startServer()
  const directory = await mkdtemp(join(tmpdir(), "laba-client-"))
  try {
    const build = join(directory, "client.mjs")
    await Bun.write(build, (await buildClient("module")).code)
    const program = Bun.spawn(
      [
        ...[runtime].flat(),
        join(import.meta.dir, "program.mjs"),
        build,
        server.base,
        transport,
        freshChannel(),
      ],
      { stdout: "pipe", stderr: "pipe" },
    )
    const [said, wrong] = await Promise.all([
      new Response(program.stdout).text(),
      new Response(program.stderr).text(),
    ])
    expect([said, wrong]).toEqual([`"one"\n{"two":2}\n[3]\n`, ""])
    expect(await program.exited).toBe(0)
  } finally {
    await rm(directory, { recursive: true })
  }
}
