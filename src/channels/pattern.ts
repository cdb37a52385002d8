// Reads a pattern of channel names, such as `/results/*` or `/orders/**`. What a pattern is for, it does not know.
import { LabaError } from "../../wire/error.ts"
import { channelBytesMax } from "../../wire/limits.ts"
import { canonicalPart, isReserved } from "./name.ts"

/** Canonical names write `*` as `%2A`, so in a pattern's parts these two words cannot be literals. */
export const anyPart = "*"
export const anyParts = "**"

/** The first part of every user's own channels, `/@<user>/…`, whoever the user is. */
export const anyUser = "@*"

/** A pattern that was read. */
export interface Pattern {
  /** Its one canonical form: two spellings of one pattern have the same. */
  readonly text: string
  /**
   * Literals in canonical form, `*` for exactly one part, at most at the beginning `@*` for a part that begins with `@`,
   * and at most at the end `**` for any number of parts, none too.
   */
  readonly parts: readonly string[]
}

/** Reads a pattern; a literal part is spelled as in a name. Throws `bad_channel`. */
export function parsePattern(text: string): Pattern {
  try {
    return read(text)
  } catch (error) {
    if (!(error instanceof LabaError)) throw error
    throw new LabaError("bad_channel", `not a pattern of channels: ${error.detail}`)
  }
}

function read(text: string): Pattern {
  if (text.length > channelBytesMax * 3) throw bad(`it is longer than ${channelBytesMax} bytes.`)
  if (!text.startsWith("/")) throw bad("it starts with `/`.")
  if (text === "/") throw bad("`/` alone is no channel; every channel is `/**`.")
  const words = text.slice(1).split("/")
  const parts = words.map((word, i) => readPart(word, i, words.length - 1))
  const canonical = `/${parts.join("/")}`
  if (canonical.length > channelBytesMax) throw bad(`it is longer than ${channelBytesMax} bytes.`)
  if (isReserved(canonical)) throw bad("everything under `/_/` is Laba's own, and no channel.")
  return { text: canonical, parts }
}

function readPart(word: string, index: number, last: number): string {
  if (word === anyPart) return anyPart
  if (word === anyUser && index === 0) return anyUser
  if (word === anyParts) {
    if (index !== last) throw bad("`**` can only be the last part.")
    return anyParts
  }
  if (word.includes("*")) throw bad("`*` stands for a whole part; a literal one is written `%2A`.")
  return canonicalPart(word)
}

const bad = (detail: string): LabaError => new LabaError("bad_channel", detail)
