// Text that came from elsewhere, as it may stand before somebody's eyes: whatever moves a terminal's cursor, turns the direction of
// text or ends a line where none ends is spelled out, as JSON would.

/** Control characters of C1, line and paragraph separators, and marks that turn the direction of text. JSON escapes C0 itself. */
const unsafe = /[\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g

const spelled = (found: string): string => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`

/** A line of JSON in which only what is harmless stands as itself. It is the same JSON. */
export const printableJson = (json: string): string => json.replace(unsafe, spelled)

/** A text as a part of one line. */
export const printable = (text: string): string =>
  printableJson(text.replace(/\p{Cc}/gu, (found) => JSON.stringify(found).slice(1, -1)))

/** A text that may have several lines, and columns. */
export const printableLines = (text: string): string =>
  text
    .split(/(\t|\r?\n)/)
    .map(spaceOr)
    .join("")

const spaceOr = (part: string, index: number): string => (index % 2 === 1 ? part : printable(part))
