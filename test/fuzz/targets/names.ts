// Names and patterns of channels: one canonical form, from which no spelling escapes.
import { PatternTree } from "../../../src/channels/pattern-tree.ts"
import { isReserved, parseChannel } from "../../../src/channels/name.ts"
import { parsePattern } from "../../../src/channels/pattern.ts"
import { isOwned, meansMe } from "../../../src/access/rules/own-channels.ts"
import { channelBytesMax } from "../../../wire/limits.ts"
import type { ParserTarget } from "../target.ts"
import { agree, hold, orRefusal, utf8 } from "./agree.ts"

const words = [
  "/",
  "//",
  "/_/",
  "/%5f/",
  "/%5F",
  "_",
  ".",
  "..",
  "%2e",
  "%2E%2e",
  "%2f",
  "%5c",
  "%40",
  "@",
  "/@me",
  "/@me/",
  "/@",
  "%00",
  "%25",
  "%252f",
  "%",
  "%c0%af",
  "%ed%a0%80",
  "喇",
  "é",
  "e\u0301",
  "\u202e",
  "\ufeff",
  "?",
  "#",
  "*",
  "**",
  "%2A",
  "\\",
  " ",
  "+",
  "~",
  "a".repeat(255),
] as const

/** What a canonical name is made of, so that it fits into JSON, a header, a log line and a topic unchanged. */
const canonical = /^(?:\/(?:[\w.~!$&'()+,;=:@-]|%[0-9A-F]{2})+)+$/

export const channel: ParserTarget = {
  kind: "parser",
  name: "channel",
  words,
  check(input) {
    const text = utf8(input)
    for (const source of ["body", "path"] as const) {
      const name = orRefusal(() => parseChannel(text, source))
      if (name === null) continue
      agree("a canonical name read again", parseChannel(name, source), name)
      hold(`${name} is canonical`, canonical.test(name) && name.length <= channelBytesMax)
      hold(`${name} is not Laba's own`, !isReserved(name))
      hold(`${name} has no dots for parts`, !/\/(?:\.|%2E){1,2}(?:\/|$)/i.test(name))
      hold(`${name} spells its at sign in one way`, isOwned(name) === /^\/(?:@|%40)/i.test(name))
      hold(`${name} means me only as it stands`, meansMe(name) === /^\/@me(?:\/|$)/.test(name))
    }
  },
  work: { bytesMax: 128 * 1024, run: (input) => parseChannel(utf8(input), "body") },
}

export const pattern: ParserTarget = {
  kind: "parser",
  name: "pattern",
  words: [...words, "/@*", "/@*/", "/**", "/*/", "@*"],
  check(input) {
    const found = orRefusal(() => parsePattern(utf8(input)))
    if (!found) return
    agree("a canonical pattern read again", parsePattern(found.text), found)
    const tree = new PatternTree<string>()
    hold("a pattern is added once", tree.add(found, found.text) && !tree.add(found, "again"))
    const fitting = found.parts.flatMap((part) => (part === "**" ? ["x", "y"] : part.replaceAll("*", "x")))
    agree("what the pattern finds", tree.find(fitting), found.text)
  },
  work: { bytesMax: 128 * 1024, run: (input) => parsePattern(utf8(input)) },
}
