// What the watchman asks the checking process for, check by check. The process is a stand-in that says what it is told to.
import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { invariantTitles } from "../model/invariants.ts"
import { PromiseChecker } from "./promise-checker.ts"

/** Notes what it was asked, and answers with the line that is this check's. */
const standIn = `
  const { appendFileSync, readFileSync } = require("node:fs")
  const [said, asked, ...args] = process.argv.slice(1)
  appendFileSync(asked, args.join(" ") + "\\n")
  const nth = readFileSync(asked, "utf8").split("\\n").length - 2
  const line = JSON.parse(said)[nth] ?? "nothing"
  if (line.startsWith("{")) console.log(line)
  else console.error(line)
`

const verdict = (channels: object): string =>
  JSON.stringify({
    at: 1,
    findings: Object.fromEntries(Object.keys(invariantTitles).map((name) => [name, []])),
    channels: { read: 3, of: 3, behind: [], ...channels },
  })

/** A watchman over a process that says these lines, one a check. */
function watched(...said: string[]) {
  const directory = mkdtempSync(join(tmpdir(), "watchman-"))
  const path = join(directory, "asked")
  const logged: string[] = []
  const verdicts: object[] = []
  const told = Promise.withResolvers<void>()
  const watchman = new PromiseChecker({
    command: [process.execPath, "-e", standIn, JSON.stringify(said), path],
    log: (line) => void logged.push(line),
    onVerdict(each) {
      verdicts.push(each)
      if (verdicts.length === said.length) told.resolve()
    },
  })
  return {
    watchman,
    logged,
    /** Resolves once all lines were said. */
    told: told.promise,
    asked: () => readFileSync(path, "utf8").split("\n").slice(0, -1),
    [Symbol.dispose]: () => {
      watchman.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

test("the books are checked by themselves, and the channels when somebody asks for it, each once at a time", async () => {
  using all = watched(verdict({}), verdict({}))
  const [first, again] = [all.watchman.check(), all.watchman.check()]
  expect(again).toBe(first)
  await first
  await all.watchman.check("channels")
  expect(all.asked()).toEqual(["--books", ""])
})

test("a check that comes to nothing is counted and logged", async () => {
  using all = watched(verdict({}), "the file is broken", verdict({}))
  await all.watchman.check()
  await all.watchman.check()
  expect(all.watchman.failures).toBe(1)
  expect(all.logged.join()).toContain("the check of the books failed: the file is broken")
  await all.watchman.check()
  expect(all.watchman.failures).toBe(0)
})
