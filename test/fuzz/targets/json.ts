// JSON as it is passed over: taken when JSON.parse takes it and it is not too deep, and what lies in it is what was sent.
import { parseEnvelope } from "../../../wire/json-envelope.ts"
import { BadJson, checkJson, JsonScanner } from "../../../wire/json-scan.ts"
import { jsonDepthMax } from "../../../wire/limits.ts"
import type { ParserTarget } from "../target.ts"
import { agree, orRefusal, utf8 } from "./agree.ts"

const isBadJson = (error: unknown): boolean => error instanceof BadJson
const isSyntaxError = (error: unknown): boolean => error instanceof SyntaxError

const isTooDeep = (error: unknown): boolean =>
  isBadJson(error) && (error as BadJson).message.includes("nested")

export const json: ParserTarget = {
  kind: "parser",
  name: "json",
  words: [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    '"a"',
    '"data"',
    '\\"',
    "\\\\",
    "\\u0041",
    "\\ud800",
    "\\u00",
    "0",
    "-",
    "1.0",
    "1e400",
    "E+",
    ".5",
    "true",
    "false",
    "null",
    " ",
    "\n",
    "\t",
    "\r",
    "\x00",
    "\x1f",
    "\x7f",
    "喇",
    "\ufeff",
    '"__proto__"',
  ],
  check(input) {
    const text = utf8(input)
    const parsed = orRefusal(() => [JSON.parse(text) as unknown], isSyntaxError)
    let isTaken = true
    try {
      checkJson(text, jsonDepthMax)
    } catch (error) {
      if (isTooDeep(error)) return
      if (!isBadJson(error)) throw error
      isTaken = false
    }
    agree("whether it is JSON", isTaken, parsed !== null)
    if (!parsed) return
    const scanner = new JsonScanner(text, jsonDepthMax)
    agree("the whole as a value", scanner.value() as string, text.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, ""))
    const read = orRefusal(() => [parseEnvelope(text, null)], isBadJson)
    // Where nothing is carried and no name is twice, it is what JSON.parse makes of it.
    if (read && !text.includes('""'))
      agree("the envelope", JSON.stringify(read[0]), JSON.stringify(parsed[0]))
  },
  work: {
    bytesMax: 128 * 1024,
    run: (input) => orRefusal(() => checkJson(utf8(input), jsonDepthMax), isBadJson),
  },
}
