// The one entry to the tests.
//   npm test                        everything: format, types, lint, and every suite this machine can run
//   npm run check                   format, types, lint, tidy and unit tests: under a minute
//   npm test -- cursor -t "reads"   files whose path holds a word; from the first flag on, bun test's own arguments
// A missing need skips its suites with one loud line; with LABA_REQUIRE_ALL=1, as in CI, it is a failure.
import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { bunOrExit } from "../bin/run-bun.mjs"
import { needs, needsOf } from "./needs.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const bun = bunOrExit()
const requireAll = process.env.LABA_REQUIRE_ALL === "1"

/** A test that hangs tells nothing; a test that waits for a heartbeat says so itself. */
const testSecondsMax = 15

/** A suite that takes longer is hanging. */
const suiteMinutesMax = 14

const steps = {
  format: [bun, "fmt", "--no-script", "--check"],
  types: [bun, "check", "--no-script"],
  lint: [process.execPath, "node_modules/oxlint/bin/oxlint", "--deny-warnings"],
}

const totals = { passed: 0, failed: 0, skipped: 0 }
const troubles = []

const words = process.argv.slice(2)
const firstFlag = words.findIndex((word) => word.startsWith("-"))
const patterns = firstFlag < 0 ? words : words.slice(0, firstFlag)
const bunFlags = firstFlag < 0 ? [] : words.slice(firstFlag)
const checkOnly = patterns.length === 1 && patterns[0] === "check"
const everything = words.length === 0

if (everything || checkOnly)
  for (const [name, command] of Object.entries(steps)) await takeStep(name, command)
for (const suite of suitesOf(chosenFiles())) await runSuite(suite)
report()

function chosenFiles() {
  const files = readdirSync(root, { recursive: true })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => /\.test\.tsx?$/.test(path) && !/(^|\/)node_modules\//.test(path))
    .sort()
  if (checkOnly) return files.filter(isUnit)
  return files.filter((path) => patterns.length === 0 || patterns.some((word) => path.includes(word)))
}

/** A unit test lives beside the file that it tests and needs nothing. The tidy test lives beside the whole tree. */
function isUnit(path) {
  const isOfAWhole = /^(apps\/[^/]+\/)?test\//.test(path) && path !== "test/tidy.test.ts"
  return !isOfAWhole && needsOf(path).length === 0
}

function suitesOf(files) {
  const suites = new Map()
  for (const path of files) {
    const needed = needsOf(path)
    const name = isUnit(path) ? "unit" : needed.length === 0 ? "whole server" : needed.join(" and ")
    if (!suites.has(name)) suites.set(name, { name, needed, files: [] })
    suites.get(name).files.push(path)
  }
  return [...suites.values()].sort((a, b) => rank(a) - rank(b))
}

function rank(suite) {
  return suite.name === "unit" ? 0 : suite.needed.length + 1
}

async function takeStep(name, command) {
  heading(name)
  const code = await run(command, process.env)
  if (code !== 0) fail(1, `${name} failed`)
}

async function runSuite({ name, needed, files }) {
  const environment = { ...process.env }
  for (const need of needed) {
    const found = needs[need].find()
    if (found) Object.assign(environment, found)
    else return leaveOut(name, need, files)
  }
  heading(`${name} tests, ${count(files.length, "file")}`)
  const folder = mkdtempSync(join(tmpdir(), "laba-report-"))
  const reportFile = join(folder, "junit.xml")
  const flags = [
    "--isolate",
    `--timeout=${testSecondsMax * 1000}`,
    "--reporter=junit",
    `--reporter-outfile=${reportFile}`,
    ...bunFlags,
  ]
  const code = await run(
    [bun, "--no-orphans", "test", ...flags, ...files.map((path) => `./${path}`)],
    environment,
  )
  tally(name, files, code, readReport(reportFile))
  rmSync(folder, { recursive: true })
}

function leaveOut(name, need, files) {
  const line = `the ${name} tests, ${count(files.length, "file")}, because there is ${needs[need].missing}`
  console.log(`\n!!! SKIPPED: ${line}`)
  if (requireAll) fail(files.length, `LABA_REQUIRE_ALL is set, and skipped were ${line}`)
  else totals.skipped += files.length
}

/** What the report says; nulls when a crash left none. A file that broke before its first test is not in it. */
function readReport(path) {
  let xml = ""
  try {
    xml = readFileSync(path, "utf8")
  } catch {
    // Then every file counts as missing.
  }
  const head = /<testsuites [^>]*>/.exec(xml)?.[0] ?? ""
  const number = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
  const seen = new Set([...xml.matchAll(/<testsuite [^>]*file="([^"]*)"/g)].map((match) => asPath(match[1])))
  return { tests: number("tests"), failures: number("failures"), skipped: number("skipped"), seen }
}

function asPath(file) {
  return relative(root, join(root, file)).split(sep).join("/")
}

function tally(name, files, code, { tests, failures, skipped, seen }) {
  totals.passed += tests - failures - skipped
  totals.skipped += skipped
  // With a filter on test names most files have nothing to run.
  const silent = bunFlags.length > 0 ? [] : files.filter((path) => !seen.has(path))
  for (const path of silent) fail(1, `${path} ran no test`)
  if (failures > 0) fail(failures, `${name}: ${count(failures, "test")} failed`)
  else if (code !== 0 && silent.length === 0) fail(1, `${name}: bun test ended with ${code}`)
}

function fail(times, why) {
  totals.failed += times
  troubles.push(why)
}

function heading(text) {
  console.log(`\n--- ${text}`)
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`
}

/** Runs a command in the foreground; answers its exit code, or the word for what ended it. */
function run([command, ...args], env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] })
    const clock = setTimeout(() => child.kill("SIGKILL"), suiteMinutesMax * 60_000)
    child.on("error", (error) => resolve(error.message))
    child.on("exit", (code, signal) => {
      clearTimeout(clock)
      resolve(code ?? signal)
    })
  })
}

function report() {
  const { passed, failed, skipped } = totals
  // Nothing run is nothing proven.
  if (passed + failed === 0) {
    fail(
      1,
      skipped > 0 || patterns.length === 0 ? "no test was run" : `no test file matches ${patterns.join(" ")}`,
    )
  }
  if (troubles.length > 0) console.log(`\n${troubles.map((why) => `!!! ${why}`).join("\n")}`)
  console.log(`\n${passed} passed, ${totals.failed} failed, ${skipped} skipped`)
  process.exitCode = totals.failed > 0 ? 1 : 0
}
