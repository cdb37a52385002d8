// What the watchman asks the checking process for, check by check. The process is a stand-in that says what it is told to.
import { expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { invariantTitles } from "../model/invariants.ts"
import { Watchman } from "./watchman.ts"

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
    channels: { read: 500, of: 10_000, behind: [], empty: 0, next: "1.1,1.1", ...channels },
  })

/** A watchman over a process that says these lines, one a check. */
function watched(...said: string[]) {
  const directory = mkdtempSync(join(tmpdir(), "watchman-"))
  const path = join(directory, "asked")
  const logged: string[] = []
  const verdicts: object[] = []
  const told = Promise.withResolvers<void>()
  const watchman = new Watchman({
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
    asked: () => readFileSync(path, "utf8").trim().split("\n"),
    [Symbol.dispose]: () => {
      watchman.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

test("each check goes on where the last one ended", async () => {
  using all = watched(verdict({ next: "1.500,0.0" }), verdict({ next: "1.900,1.100" }), verdict({}))
  for (let check = 0; check < 3; check++) await all.watchman.check()
  expect(all.asked()).toEqual([
    "--channels 500",
    "--channels 500 --after 1.500,0.0",
    "--channels 500 --after 1.900,1.100",
  ])
})

test("empty channels are not left to the next check: the rest is looked through at once, and once", async () => {
  const empty = verdict({ empty: 3 })
  using all = watched(empty, empty, empty, empty, empty)
  await all.watchman.check()
  // 10,000 tickets are four checks of 4,000 with a fifth kept for those that have ended.
  await all.told
  expect(all.asked().slice(1)).toEqual(Array.from({ length: 4 }, () => "--channels 4000 --after 1.1,1.1"))
  // The first may still join the last of those.
  for (let check = 0; check < 2; check++) await all.watchman.check()
  expect(new Set(all.asked().slice(5))).toEqual(new Set(["--channels 500 --after 1.1,1.1"]))
})

test("a check that could read all has nothing to hurry for", async () => {
  using all = watched(verdict({ empty: 3, read: 20, of: 20 }), verdict({}))
  for (let check = 0; check < 2; check++) await all.watchman.check()
  expect(all.asked()).toEqual(["--channels 500", "--channels 500 --after 1.1,1.1"])
})

test("a check that comes to nothing is counted and logged, and the next one is asked the same", async () => {
  using all = watched(verdict({ next: "1.7,0.0" }), "the file is broken", verdict({}))
  await all.watchman.check()
  await all.watchman.check()
  expect(all.watchman.failures).toBe(1)
  expect(all.logged.join()).toContain("the check of the books failed: the file is broken")
  await all.watchman.check()
  expect(all.watchman.failures).toBe(0)
  expect(all.asked().slice(1)).toEqual(["--channels 500 --after 1.7,0.0", "--channels 500 --after 1.7,0.0"])
})
