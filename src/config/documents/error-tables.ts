// The codes of wire/codes.ts as tables for readers, in the order of what a client does after them.
import { codes, entryOf, type Code, type Retry } from "../../../wire/codes.ts"
import { limitCodes, type LimitName } from "../../../wire/limits.ts"

const headings: readonly (readonly [Retry, string])[] = [
  ["stay-away", "## Stay away: the same again fails again"],
  ["back-off", "## Back off: come back after a growing, jittered wait"],
  ["at-once", "## At once: come back now, with the cursor you hold"],
]

/** A heading and a table for each of the three. */
export function errorTables(): string {
  return headings
    .map(([retry, heading]) => {
      const rows = allCodes.filter((code) => entryOf(code).retry === retry).map(rowOf)
      return `${heading}\n\n${head}\n${rows.join("\n")}`
    })
    .join("\n\n")
}

const allCodes = Object.keys(codes) as Code[]

const head = "| code | HTTP | WebSocket | what happened | what to do |\n| --- | --- | --- | --- | --- |"

function rowOf(code: Code): string {
  const { status, close, title, help } = entryOf(code)
  const bounds = (Object.keys(limitCodes) as LimitName[]).filter((name) => limitCodes[name] === code)
  const named = bounds.map((name) => `\`${name}\``).join(", ")
  const happened =
    bounds.length === 0 ? title : `${title} ${bounds.length === 1 ? "Bound" : "Bounds"}: ${named}.`
  return `| \`${code}\` | ${status} | ${close ?? ""} | ${happened} | ${help} |`
}
