// `npm test` itself, on a few files of its own: what it repeats, what it does not, and what it says of it.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dir, "..")
const parts = [
  "package.json",
  "bin/run-bun.mjs",
  "bin/find-bun.mjs",
  "test/run.mjs",
  "test/needs.mjs",
  "test/report.mjs",
]

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "laba-run-"))
  for (const part of parts) await cp(join(root, part), join(folder, part))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(() => rm(join(folder, "files"), { recursive: true, force: true }))

const holds = `test("holds", () => {})`
const fails = `test("never shows it", () => expect("nothing").toBe("something"))`
/** Fails for as long as it has not been run before. */
const failsOnce = `test("shows <it> & more late", () => {
  const been = import.meta.path + ".been"
  const isSecond = existsSync(been)
  writeFileSync(been, "")
  expect(isSecond).toBe(true)
})`
const breaksOnce = `beforeAll(() => {
  const been = import.meta.path + ".been"
  if (existsSync(been)) return
  writeFileSync(been, "")
  throw new Error("no browser yet")
})
${holds}`

/** Runs files of these names that hold these tests. */
async function npmTest(files: Readonly<Record<string, string>>): Promise<{ code: number; out: string }> {
  const head = `import { beforeAll, expect, test } from "bun:test"
import { existsSync, writeFileSync } from "node:fs"\n`
  for (const [name, body] of Object.entries(files)) await Bun.write(join(folder, "files", name), head + body)
  const child = Bun.spawn(["node", "test/run.mjs", "files/"], {
    cwd: folder,
    // Nothing here starts a browser; it is enough that there is a program of that name.
    env: { ...process.env, LABA_BUN: process.execPath, LABA_CHROMIUM: process.execPath },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  })
  const out = await new Response(child.stdout).text()
  return { code: await child.exited, out: out.trimEnd() }
}

const lastLine = (out: string): string => out.slice(out.lastIndexOf("\n") + 1)

test("a file of browser tests that failed is run again alone, and what passes then has passed and is named", async () => {
  const { code, out } = await npmTest({
    "late.browser.test.ts": `${failsOnce}\n${holds}`,
    "good.browser.test.ts": holds,
  })
  expect(out).toContain(
    "\n!!! 1 file passed only at the second run: files/late.browser.test.ts, first failure: shows <it> & more late\n",
  )
  expect([code, lastLine(out)]).toEqual([0, "3 passed, 0 failed, 0 skipped"])
})

test("so is one that broke before its first test", async () => {
  const { code, out } = await npmTest({ "late.browser.test.ts": breaksOnce })
  expect(out).toContain("!!! 1 file passed only at the second run: files/late.browser.test.ts")
  expect([code, lastLine(out)]).toEqual([0, "1 passed, 0 failed, 0 skipped"])
})

test("what fails at the second run too has failed", async () => {
  const { code, out } = await npmTest({ "broken.browser.test.ts": `${fails}\n${holds}` })
  expect(out).toContain("!!! browser, at the second run of files/broken.browser.test.ts: 1 test failed")
  expect(out).not.toContain("passed only at the second run")
  expect([code, lastLine(out)]).toEqual([1, "1 passed, 1 failed, 0 skipped"])
})

test("where many files fail at once none is run again", async () => {
  const names = ["a", "b", "c", "d"].map((name) => `${name}.browser.test.ts`)
  const { code, out } = await npmTest(Object.fromEntries(names.map((name) => [name, failsOnce])))
  expect(out).toContain("!!! browser: 4 tests failed")
  expect([code, lastLine(out)]).toEqual([1, "0 passed, 4 failed, 0 skipped"])
})

test("other tests have one run", async () => {
  const { code, out } = await npmTest({ "late.test.ts": failsOnce })
  expect(out).toContain("!!! unit: 1 test failed")
  expect([code, lastLine(out)]).toEqual([1, "0 passed, 1 failed, 0 skipped"])
})
