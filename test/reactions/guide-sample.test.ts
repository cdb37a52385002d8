// The guide's sample of a reaction in a program, as it stands there: copied into an empty folder and run.
import { expect, setDefaultTimeout, test } from "bun:test"
import { mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { emptyFolder } from "../cli/laba.ts"
import { publish } from "../support/publish.ts"
import { startServer } from "../support/server.ts"
import { readText } from "../tree.ts"

/** A process is started, and a busy machine takes its time. */
setDefaultTimeout(60_000)

/** The program of the guide, for this server, with a reaction that prints. */
function sampleFor(server: string): string {
  const [, program] =
    /## The same in a program\n+```ts\n(.+?)```/s.exec(readText("docs/guide/alerts.md")) ?? []
  if (program === undefined) throw new Error("The guide has no sample.")
  const printBill = "const printBill = async (data: unknown) => console.log(`bill ${String(data)}`)\n"
  return printBill + program.replace('"https://laba.example"', JSON.stringify(server))
}

async function run(server: string, folder: string) {
  await mkdir(join(folder, "node_modules"), { recursive: true })
  await symlink(join(import.meta.dir, "../.."), join(folder, "node_modules/laba")).catch(() => {})
  await Bun.write(join(folder, "program.ts"), sampleFor(server))
  const child = Bun.spawn([process.execPath, "--no-orphans", "program.ts"], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const complaint = new Response(child.stderr).text()
  return { child, complaint }
}

/** Reads until it has said this. */
async function says(lines: ReadableStream<Uint8Array>, wanted: string): Promise<void> {
  let text = ""
  const decoder = new TextDecoder()
  for await (const bytes of lines) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes(wanted)) return
  }
  throw new Error(`It ended, and has said only: ${text}`)
}

test("runs in an empty folder, and ends with 0 when it is told to", async () => {
  await using server = await startServer()
  await using folder = await emptyFolder()
  const { child, complaint } = await run(server.base, folder.path)
  const place = Bun.file(join(folder.path, "state/place.json"))
  const ended = complaint.then((text) => Promise.reject(new Error(`It ended: ${text}`)))
  ended.catch(() => {})
  while (!(await Promise.race([ended, place.exists()]))) await Bun.sleep(20)
  await publish(`${server.base}/orders/new`, "42")
  await says(child.stdout, "bill 42\n")
  child.kill("SIGTERM")
  expect(await child.exited).toBe(0)
  expect(child.signalCode).toBeNull()
  expect(await complaint).toBe("")
})

test("ends and says why when it cannot keep its place, also before it has reacted to anything", async () => {
  await using server = await startServer()
  await using folder = await emptyFolder()
  await Bun.write(join(folder.path, "state"), "a file where a folder should be")
  const { child, complaint } = await run(server.base, folder.path)
  expect(await child.exited).not.toBe(0)
  expect(await complaint).toContain("state")
})
