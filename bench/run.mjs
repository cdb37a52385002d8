// `npm run bench -- <name> [--flags]`: runs one bench with the Bun that the project pins, and lists them when no
// name is given. Every bench is a file of this folder; the first line of its opening comment is its description.
import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { findBun } from "../bin/find-bun.mjs"

const folder = dirname(fileURLToPath(import.meta.url))
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -3))
  .sort()

const [name, ...flags] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  if (name !== undefined && name !== "--help") console.error(`There is no bench named ${name}.\n`)
  console.log("npm run bench -- <name> [--flags]      (--help after a name lists its flags)\n")
  for (const each of names) {
    const firstLine = readFileSync(join(folder, `${each}.ts`), "utf8").split("\n", 1)[0] ?? ""
    console.log(`  ${each.padEnd(12)} ${firstLine.replace(/^\/\/ /, "")}`)
  }
  process.exit(name === undefined || name === "--help" ? 0 : 2)
}

const bench = spawn(findBun(), [join(folder, `${name}.ts`), ...flags], { stdio: "inherit" })
// The bench stops its servers when it is told to end; it must hear of it, and we must outlive it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => bench.kill(signal))
bench.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)))
