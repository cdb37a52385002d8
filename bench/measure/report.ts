// How a bench answers: one JSON line an answer, then tables that people and the guide can read.
import { cpus } from "node:os"

/** Prints one answer. `bench` says which question it answers. */
export function printLine(bench: string, answer: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ bench, ...answer }))
}

/** Prints a table in Markdown, so that it can be pasted into the guide as it is. */
export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? "").length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |`
  console.log(`\n${title}\n`)
  console.log(line(head))
  console.log(line(widths.map((width) => "-".repeat(width))))
  for (const row of rows) console.log(line(row))
}

/** Says aloud when other work ran on the machine meanwhile: such figures are not to be published. */
export function warnOfOthers(busy: readonly number[]): void {
  const worst = Math.max(0, ...busy)
  if (worst < 0.15) return
  const often = busy.filter((each) => each >= 0.15).length
  console.error(
    `\n!!! Other processes took up to ${Math.round(worst * 100)} % of a core, in ${often} of ${busy.length} runs more ` +
      `than 15 %. Run this again on a quiet machine before you quote it.`,
  )
}

/** What was measured, and on what: belongs beside every figure. */
export function machine(): Readonly<Record<string, unknown>> {
  const cores = cpus()
  return {
    commit: commit(),
    bun: Bun.version,
    node: Bun.which("node") ? nodeVersion() : null,
    cores: cores.length,
    cpu: cores[0]?.model,
  }
}

/** Short, with a plus when files are changed that are in none; null outside of a checkout. */
function commit(): string | null {
  const git = (...words: string[]) => Bun.spawnSync(["git", "-C", import.meta.dir, ...words])
  const head = git("rev-parse", "--short", "HEAD")
  if (head.exitCode !== 0) return null
  const isChanged = git("status", "--porcelain", "--untracked-files=no", ":/").stdout.length > 0
  return head.stdout.toString().trim() + (isChanged ? "+" : "")
}

function nodeVersion(): string {
  return Bun.spawnSync(["node", "--version"]).stdout.toString().trim()
}
