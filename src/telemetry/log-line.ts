// What a log line looks like: JSON for machines, columns for people. Pure. In both, whatever a client sent stays inside
// its value: no line break, no terminal sequence, no text that runs backwards.

/** Control characters of C1, line and paragraph separators, and marks that turn the direction of text. JSON escapes C0 itself. */
const unsafe = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g

/** A line of JSON in which only what is harmless stands as itself. It is the same JSON. */
export function escapeLine(json: string): string {
  return json.replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

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
  if (message !== undefined) words.push(` ${plain(message)}`)
  return `${escapeLine(words.join(" "))}\n${stackOf(error)}`
}

function stackOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("stack" in error)) return ""
  const lines = String(error.stack).split("\n")
  return lines.map((line) => `    ${escapeLine(plain(line.trim()))}\n`).join("")
}

/** A text outside of JSON: C0 has to be escaped here too. */
const plain = (text: string): string =>
  text.replace(/\p{Cc}/gu, (found) => JSON.stringify(found).slice(1, -1))
