// The same questions for every npm: does an installed Laba start, as a command and as a library?
import { expect } from "bun:test"
import { join } from "node:path"
import { pack, Project, run, runWell } from "./packed.ts"

interface Installer {
  /** The version of npm, fetched from the registry. */
  readonly npm: string
  /** The folder with the Node to run it with; else the one on PATH. */
  readonly nodeFolder?: string
  readonly flags?: readonly string[]
}

const program = `
import { serve } from "laba"
const laba = await serve({ listen: { port: 0 } })
const answer = await fetch(new URL("/hello", laba.url), { method: "POST", body: "hello" })
console.log(answer.status)
await laba.close()
`

/** For whom Laba's source is not enough: Node takes no TypeScript from node_modules. */
const clientProgram = `
import { connect } from "laba/client"
console.log(typeof connect)
`

/** Installs the packed Laba into an empty project and starts it in every way there is. */
export async function expectToStart({ npm, nodeFolder, flags = [] }: Installer): Promise<void> {
  await using project = await Project.start()
  const here = { cwd: project.folder, programs: nodeFolder }
  const npmRun = (...args: string[]) => [
    "npm",
    "exec",
    "--yes",
    "--prefer-offline",
    `npm@${npm}`,
    "--",
    ...args,
  ]

  const tarball = await pack(project.folder)
  const installed = await runWell(npmRun("install", "--prefer-offline", ...flags, tarball), here)
  // npm 12 and 11 speak up when a script was held back, and every npm when an engine does not fit.
  expect(installed.stderr + installed.stdout).not.toMatch(
    /EBADENGINE|install script|allow-?scripts|deprecated/i,
  )

  const version = await runWell(["npx", "--no", "laba", "version"], here)
  expect(version.stdout).toMatch(/^\S*\s*\d+\.\d+\.\d+/)
  const wrong = await run(["npx", "--no", "laba", "srve"], here)
  expect(wrong.exitCode).not.toBe(0)
  expect(wrong.stderr).toContain("serve")

  await project.write("program.ts", program)
  const runner = join(project.folder, "node_modules/laba/bin/bun.mjs")
  const served = await runWell(["node", runner, "program.ts"], here)
  expect(served.stdout.trim()).toBe("201")

  await project.write("client.mjs", clientProgram)
  const connected = await runWell(["node", "client.mjs"], here)
  expect(connected.stdout.trim()).toBe("function")
}
