// A directory that cannot be used: the server says so in one line and ends, and nothing in it, nor the server that uses it,
// is harmed.
import { expect, test } from "bun:test"
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { emptyFolder, labaMain, LabaProcess } from "../cli/laba.ts"
import { publish } from "../support/publish.ts"

const serve = (cwd: string, ...args: string[]) => new LabaProcess(["serve", "--port", "0", ...args], { cwd })

const addressOf = async (run: LabaProcess): Promise<string> =>
  (await run.says(/listening on (http:\S+) \(sqlite engine\)/))[1] as string

test("a second process on the same directory is refused, and the first goes on; when it was killed, the next may", async () => {
  await using folder = await emptyFolder()
  await using first = serve(folder.path, "--data", "data")
  const base = await addressOf(first)
  const before = await publish(`${base}/a`, "1")
  await using second = serve(folder.path, "--engine", "sqlite:./data")
  expect(await second.ended()).toBe(1)
  expect(second.err).toMatch(
    /^laba: Another process uses .*data; each Laba needs a directory of its own\.\n$/,
  )
  await publish(`${base}/a`, "2")
  first.signal("SIGKILL")
  await first.ended()
  await using third = serve(folder.path, "--data", "data")
  const answer = await fetch(`${await addressOf(third)}/a?after=${before.cursor}`)
  expect(await answer.json()).toMatchObject({ reset: null, messages: [{ data: "2" }] })
})

test("a damaged file ends the start with its name, and is left as it is", async () => {
  await using folder = await emptyFolder()
  mkdirSync(join(folder.path, "data"))
  const path = join(folder.path, "data", "laba.sqlite")
  writeFileSync(path, "SQLite format 3\0 and then something else ".repeat(300))
  const before = readFileSync(path)
  await using run = serve(folder.path, "--data", "data")
  expect(await run.ended()).toBe(1)
  expect(run.err).toMatch(/^laba: The database in data is damaged; nothing in it was changed\./)
  expect(run.err.trimEnd()).not.toContain("\n")
  expect(readFileSync(path)).toEqual(before)
})

test("the folder is made for this user alone: in it is what was published", async () => {
  await using folder = await emptyFolder()
  await using run = serve(folder.path, "--data", "made/data")
  await addressOf(run)
  expect(statSync(join(folder.path, "made/data")).mode & 0o777).toBe(0o700)
})

/** A user that is not root, as whom root can run a program. */
const nobody = 65_534
const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"]
const isRoot = process.getuid?.() === 0
const canBeNobody =
  isRoot &&
  Bun.which("setpriv") !== null &&
  Bun.spawnSync([...asNobody, process.execPath, "--revision"], { cwd: import.meta.dir }).exitCode === 0

test.skipIf(isRoot && !canBeNobody).each([0o600, 0o444])(
  "a file of another user's, as a copy restored by root, ends the start with its name: mode %o",
  async (mode) => {
    await using folder = await emptyFolder()
    const file = join(folder.path, "laba.sqlite")
    writeFileSync(file, "")
    chmodSync(file, isRoot ? mode : 0o444)
    if (isRoot) chownSync(folder.path, nobody, nobody)
    const command = [process.execPath, labaMain, "serve", "--port", "0", "--data", folder.path]
    const { exitCode, stderr } = Bun.spawnSync(isRoot ? [...asNobody, ...command] : command, {
      cwd: folder.path,
    })
    expect(stderr.toString()).toBe(
      `laba: engine: cannot keep anything in ${folder.path}: this user may not read and write ${file}\n`,
    )
    expect(exitCode).toBe(1)
  },
)

test("a port that is taken gives the directory back", async () => {
  await using folder = await emptyFolder()
  await using first = serve(folder.path, "--data", "one")
  const { port } = new URL(await addressOf(first))
  await using second = new LabaProcess(["serve", "--port", port, "--data", "two"], { cwd: folder.path })
  expect(await second.ended()).toBe(1)
  expect(second.err).toContain(`port ${port} on 127.0.0.1 is in use`)
  await using third = serve(folder.path, "--data", "two")
  await addressOf(third)
})

test("--data and --engine together are a mistake", async () => {
  await using folder = await emptyFolder()
  await using run = serve(folder.path, "--data", "data", "--engine", "memory")
  expect(await run.ended()).toBe(2)
  expect(run.err).toContain("--data is short for --engine sqlite:<dir>")
})
