// What a log line looks like: JSON for machines, columns for people. Pure. In both, whatever a client sent stays inside
// its value: no line break, no terminal sequence, no text that runs backwards.

import { printable } from "./printable.ts"

/** What log.ts writes; the other fields are the event's. */
interface Line {
  readonly level: string
  /** ISO 8601, in UTC. */
  readonly time: string
  readonly event?: string
  readonly message?: string
  readonly error?: unknown
}

/** `12:03:04.005 WARN  slow_reader_closed  channel="/c"  the message`. An error's stack follows on lines of its own, indented. */
export function prettyLine(json: string): string {
  const { level, time, event, message, error, ...fields } = JSON.parse(json) as Line
  const clock = time.slice(11, 23)
  const words = [clock, level.toUpperCase().padEnd(5), ...(event === undefined ? [] : [event])]
  for (const [name, value] of Object.entries(fields)) words.push(`${name}=${JSON.stringify(value)}`)
  if (message !== undefined) words.push(` ${message}`)
  return `${printable(words.join(" "))}\n${stackOf(error)}`
}

function stackOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("stack" in error)) return ""
  const lines = String(error.stack).split("\n")
  return lines.map((line) => `    ${printable(line.trim())}\n`).join("")
}
