// The one entry to the tests.
//   npm test                        everything: format, types, lint, and every suite this machine can run
//   npm run check                   format, types, lint, tidy and unit tests: under a minute
//   npm test -- cursor -t "reads"   files whose path holds a word; from the first flag on, bun test's own arguments
// A missing need skips its suites with one loud line; with LABA_REQUIRE_ALL=1, as in CI, it is a failure.
// A file of browser tests that failed is run once more, alone: a browser on a starved machine is not ours to steer.
import { spawn } from "node:child_process"
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { bunOrExit } from "../bin/run-bun.mjs"
import { needs, needsOf } from "./needs.mjs"
import { readReport } from "./report.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const bun = bunOrExit()
const requireAll = process.env.LABA_REQUIRE_ALL === "1"

/** A test that hangs tells nothing. Far above what any takes on a quiet machine; those that need longer say so themselves. */
const testSecondsMax = 60

/** A suite that takes longer is hanging. */
const suiteMinutesMax = 25

/** Suites that mostly wait for these run beside those that mostly wait for a server of ours. */
const brokers = new Set(["redis", "kafka", "rabbitmq", "nats", "mosquitto", "postgres"])

const steps = {
  format: [bun, "fmt", "--no-script", "--check"],
  types: [bun, "check", "--no-script"],
  lint: [process.execPath, "node_modules/oxlint/bin/oxlint", "--deny-warnings"],
}

/** When more files of browser tests failed at once, it is no accident, and a second run would only take as long again. */
const secondRunsMax = 3

const totals = { passed: 0, failed: 0, skipped: 0 }
const troubles = []
/** Files that get a second run: which suite they are of, their environment, what failed first. */
const secondRuns = []
/** Those of them that passed then. */
const lateSuccesses = []

const words = process.argv.slice(2)
const firstFlag = words.findIndex((word) => word.startsWith("-"))
const patterns = firstFlag < 0 ? words : words.slice(0, firstFlag)
const bunFlags = firstFlag < 0 ? [] : words.slice(firstFlag)
const checkOnly = patterns.length === 1 && patterns[0] === "check"
const everything = words.length === 0

if (everything || checkOnly)
  for (const [name, command] of Object.entries(steps)) await takeStep(name, command)
await runSuites(suitesOf(chosenFiles()))
for (const second of secondRuns) await runAgain(second)
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

/** One after the other, in two rows while there are two. */
async function runSuites(suites) {
  const whole = suites.find(({ name }) => name === "whole server")
  const aside = whole
    ? suites.filter(({ needed }) => needed.length > 0 && needed.every((need) => brokers.has(need)))
    : []
  for (const suite of suites) {
    if (aside.includes(suite)) continue
    if (suite === whole) await Promise.all([runSuite(suite), runRow(aside)])
    else await runSuite(suite)
  }
}

async function runRow(suites) {
  for (const suite of suites) await runAside(suite)
}

/** What it says comes when it has ended. */
async function runAside(suite) {
  const folder = mkdtempSync(join(tmpdir(), "laba-aside-"))
  const path = join(folder, "output")
  const output = openSync(path, "w")
  await runSuite(suite, output)
  closeSync(output)
  console.log(readFileSync(path, "utf8"))
  rmSync(folder, { recursive: true })
}

async function takeStep(name, command) {
  heading(name)
  const code = await run(command, process.env)
  if (code !== 0) fail(1, `${name} failed`)
}

/** `output`: a file for what it says. Default: where this says it. */
async function runSuite({ name, needed, files }, output = "inherit") {
  const environment = { ...process.env }
  for (const need of needed) {
    const found = needs[need].find()
    if (found) Object.assign(environment, found)
    else return leaveOut(name, need, files)
  }
  heading(`${name} tests, ${count(files.length, "file")}`, output)
  const ended = await runFiles(files, environment, output)
  const broken = needed.includes("browser") ? files.filter((path) => hasFailed(path, ended)) : []
  const again = broken.length <= secondRunsMax ? broken : []
  for (const path of again) {
    const firstFailure = ended.counts.get(path)?.firstFailure ?? "it ran no test"
    secondRuns.push({ name, path, environment, firstFailure })
  }
  tally(
    name,
    files.filter((path) => !again.includes(path)),
    ended,
  )
}

/** Counts only what this run says: one that passes now has passed. */
async function runAgain({ name, path, environment, firstFailure }) {
  heading(`second run of ${path}, where this failed: ${firstFailure}`)
  const ended = await runFiles([path], environment)
  if (ended.code === 0 && !hasFailed(path, ended))
    lateSuccesses.push(`${path}, first failure: ${firstFailure}`)
  tally(`${name}, at the second run of ${path}`, [path], ended)
}

/** How it ended, and what the report says of each of the files; nothing when a crash left none. */
async function runFiles(files, environment, output = "inherit") {
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
    output,
  )
  const xml = existsSync(reportFile) ? readFileSync(reportFile, "utf8") : ""
  rmSync(folder, { recursive: true })
  const counts = new Map([...readReport(xml)].map(([file, found]) => [asPath(file), found]))
  return { files, code, counts }
}

function hasFailed(path, { counts }) {
  return ranNothing(path, counts) || (counts.get(path)?.failed ?? 0) > 0
}

/** With a filter on test names most files have nothing to run. */
function ranNothing(path, counts) {
  return bunFlags.length === 0 && !counts.has(path)
}

function leaveOut(name, need, files) {
  const line = `the ${name} tests, ${count(files.length, "file")}, because there is ${needs[need].missing}`
  console.log(`\n!!! SKIPPED: ${line}`)
  if (requireAll) fail(files.length, `LABA_REQUIRE_ALL is set, and skipped were ${line}`)
  else totals.skipped += files.length
}

function asPath(file) {
  return relative(root, join(root, file)).split(sep).join("/")
}

/** Adds what these of its files did, and the end that nothing else tells of. */
function tally(name, files, ended) {
  let failures = 0
  for (const path of files) {
    const { passed, failed, skipped } = ended.counts.get(path) ?? { passed: 0, failed: 0, skipped: 0 }
    totals.passed += passed
    totals.skipped += skipped
    failures += failed
    if (ranNothing(path, ended.counts)) fail(1, `${path} ran no test`)
  }
  if (failures > 0) fail(failures, `${name}: ${count(failures, "test")} failed`)
  if (ended.code !== 0 && !ended.files.some((path) => hasFailed(path, ended)))
    fail(1, `${name}: bun test ended with ${ended.code}`)
}

function fail(times, why) {
  totals.failed += times
  troubles.push(why)
}

function heading(text, output = "inherit") {
  const line = `\n--- ${text}`
  if (output === "inherit") console.log(line)
  else writeSync(output, `${line}\n`)
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`
}

/** Runs a command; answers its exit code, or the word for what ended it. */
function run([command, ...args], env, output = "inherit") {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", output, output] })
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
  if (lateSuccesses.length > 0) {
    const files = count(lateSuccesses.length, "file")
    console.log(`\n!!! ${files} passed only at the second run: ${lateSuccesses.join("; ")}`)
  }
  if (troubles.length > 0) console.log(`\n${troubles.map((why) => `!!! ${why}`).join("\n")}`)
  console.log(`\n${passed} passed, ${totals.failed} failed, ${skipped} skipped`)
  process.exitCode = totals.failed > 0 ? 1 : 0
}
