// Cursors, single and compound: read or refused, and printed again exactly as they were.
import {
  cursorCharsMax,
  foreignPosition,
  offsetIn,
  parseCompound,
  parseCursor,
  printCompound,
  printCursor,
} from "../../../wire/cursor.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold, latin1 } from "./agree.ts"

const channel = "/a"
const tag = printCursor(channel, { epoch: "e", offset: 0 }).slice("e-0.".length)

export const cursor: ParserTarget = {
  kind: "parser",
  name: "cursor",
  words: [
    "-",
    "~",
    `.${tag}`,
    "0",
    "00",
    "2gosa7pa2gv",
    "2gosa7pa2gw",
    "zzzzzzzzzzz",
    "k3f9a",
    "A",
    ".",
    "%2d",
    "\n",
  ],
  check(input) {
    const text = latin1(input)
    const position = parseCursor(text, channel)
    hold(
      "what is a cursor of some channel is read, and nothing else",
      (position === null) === (offsetIn(text) === null),
    )
    if (!position) return
    hold("an offset is a safe whole number", Number.isSafeInteger(position.offset) && position.offset >= 0)
    if (position === foreignPosition) hold("it names another channel", !text.endsWith(`.${tag}`))
    else agree("a cursor printed again", printCursor(channel, position), text)
  },
  work: { bytesMax: 128 * 1024, run: (input) => parseCursor(latin1(input), channel) },
}

export const compound: ParserTarget = {
  kind: "parser",
  name: "compound",
  words: ["~", ".", "-", "1x9f2k3", "k3f9a-2s", "0", "~~", "~h~", "..", "a-1.a-2", "2gosa7pa2gw"],
  check(input) {
    const text = latin1(input)
    const found = parseCompound(text)
    if (!found) return
    hold("a compound cursor is short", text.length <= cursorCharsMax)
    hold("a compound cursor has an entry a channel", found.positions.length === text.split(".").length)
    const printed = printCompound(found.listHash, found.positions)
    agree("a compound cursor read again", parseCompound(printed), found)
    // It may have said an epoch twice; what is printed says each once and is stable.
    agree("a compound cursor printed again", printCompound(found.listHash, found.positions), printed)
    hold("printing makes it no longer", printed.length <= text.length)
  },
  work: { bytesMax: cursorCharsMax, run: (input) => parseCompound(latin1(input)) },
}
