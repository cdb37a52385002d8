// `npm run campaign -- <name> [--flags]`: runs one campaign whole, where `npm test` runs a sample, and lists them when no
// name is given. What it prints as JSON lines is kept in `results/<name>.jsonl`, after a line that says of which commit and
// with which flags: always when it ran as it comes, and with `--record` when it had flags of its own.
import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { findBun } from "../../bin/find-bun.mjs"

const folder = dirname(fileURLToPath(import.meta.url))
const root = join(folder, "../..")

/** By name, the script that runs each. The first line of its opening comment is its description. */
const campaigns = {
  attacks: "test/attacks/run.ts",
  chaos: "test/chaos/run.ts",
  fuzz: "test/fuzz/run.ts",
  "hooks-outage": "test/hooks/outage.ts",
  ingest: "test/ingest/run.ts",
  "ingest-backlog": "test/ingest/backlog.ts",
  "listener-lives": "test/properties/listener-lives/run.ts",
  processes: "test/chaos/processes/run.ts",
  "sale-kills": "test/loss/flash-sale-kills/run.ts",
  soak: "bench/soak.ts",
  "stomp-frames": "test/stomp/frame-campaign.ts",
}

/** Each ends by itself long before; what does not hangs. */
const minutesMax = 180

const [name, ...words] = process.argv.slice(2)
if (name === undefined || !Object.hasOwn(campaigns, name)) {
  if (name !== undefined && name !== "--help") console.error(`There is no campaign named ${name}.\n`)
  console.log("npm run campaign -- <name> [--flags] [--record]      (--help after a name lists its flags)\n")
  for (const [each, path] of Object.entries(campaigns)) {
    const [firstLine = ""] = readFileSync(join(root, path), "utf8").split("\n", 1)
    console.log(`  ${each.padEnd(15)} ${firstLine.replace(/^\/\/ /, "")}`)
  }
  process.exit(name === undefined || name === "--help" ? 0 : 2)
}

const flags = words.filter((word) => word !== "--record")
const isKept = !flags.includes("--help") && (flags.length === 0 || flags.length < words.length)
const lines = [
  JSON.stringify({ campaign: name, ...commit(), flags: flags.join(" "), cores: cpus().length, began: now() }),
]

const child = spawn(findBun(), [join(root, campaigns[name]), ...flags], {
  cwd: root,
  stdio: ["ignore", "pipe", "inherit"],
})
let isOutOfTime = false
const clock = setTimeout(() => {
  isOutOfTime = true
  console.error(`${name} has not ended within ${minutesMax} minutes`)
  child.kill("SIGKILL")
}, minutesMax * 60_000)
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
const output = createInterface({ input: child.stdout })
output.on("line", (line) => {
  console.log(line)
  if (line.startsWith("{")) lines.push(line)
})
const [code, signal] = await Promise.all([
  new Promise((resolve) => void child.on("exit", (...end) => resolve(end))),
  new Promise((resolve) => void output.on("close", resolve)),
]).then(([end]) => end)
clearTimeout(clock)

lines.push(
  JSON.stringify({ campaign: "end", code, signal, ...(isOutOfTime && { isOutOfTime }), ended: now() }),
)
// A campaign that was broken off says nothing of the commit; one that found something, or hangs, does.
if (isKept && (signal === null || isOutOfTime)) {
  const path = join(folder, "results", `${name}.jsonl`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, `${lines.join("\n")}\n`)
  renameSync(`${path}.new`, path)
  console.log(`kept in test/campaigns/results/${name}.jsonl`)
}
process.exit(code ?? 130)

function now() {
  return new Date().toISOString()
}

/** What is tried: the commit, and whether the tree had changes that are in none. */
function commit() {
  const git = (...words) => execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim()
  try {
    return {
      commit: git("rev-parse", "HEAD"),
      changed: git("status", "--porcelain", "--", "src", "wire", "client", "apps") !== "",
    }
  } catch {
    return { commit: null, changed: null }
  }
}
