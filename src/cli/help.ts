// The texts of help: for all commands, and for one. Knows commands only by their contract.
import type { Command } from "./command.ts"

const gap = 3

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + gap
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join("\n")
}

export function helpOfAll(commands: readonly Command[]): string {
  return `Laba: a realtime push server. A channel is a URL.

Usage: laba <command> [flags]

${columns(commands.map((command) => [command.name, command.summary]))}

Try it:
${columns([
  ["laba serve", "start a server on http://127.0.0.1:8080"],
  ["laba subscribe /channel/hello", "listen, in a second terminal"],
  ["laba publish /channel/hello hi", "and speak, in a third"],
])}

\`laba help <command>\` says more about one.
`
}

export function helpOf(command: Command): string {
  const flags = Object.entries(command.flags).map(([name, flag]): [string, string] => [
    `--${name}${flag.value ? ` ${flag.value}` : ""}`,
    flag.says,
  ])
  const examples = command.examples.map(([line, does]) => `  ${line}\n      ${does}`)
  return `${command.summary}

Usage: laba ${command.usage}
${flags.length > 0 ? `\nFlags:\n${columns(flags)}\n` : ""}
Examples:
${examples.join("\n")}
`
}
