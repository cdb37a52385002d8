// Turns a path, or a name from a body, into the one canonical form of a channel's name, or refuses it.
// Rules, rights and `/_/` are judged on this form only, so no spelling can dodge them.
import { LabaError } from "../../wire/error.ts"
import { channelBytesMax } from "../../wire/limits.ts"
import type { Channel } from "./channel.ts"

/** Where a name was read: from a request's path, or from anything else (JSON, a `channel=` parameter, the config). */
export type NameSource = "path" | "body"

/**
 * Already canonical and without escapes, as nearly all names are: this one test is all they cost. Each character has
 * one way to match, so it cannot backtrack.
 */
const plain = /^(?!\/_(?:\/|$))(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()+,;=:@-]+)+$/

/**
 * Reads a channel's name. Throws `bad_channel`.
 *
 * Canonical is: every character that RFC 3986 allows raw in a path segment stands raw, except `*`, which patterns need;
 * every other is an escape of its UTF-8 in upper case. So it is ASCII without quotes, spaces and backslashes, and fits
 * into JSON, a header, a log line and a topic unchanged.
 */
export function parseChannel(text: string, source: NameSource): Channel {
  if (text.length <= channelBytesMax && plain.test(text)) return text as Channel
  try {
    return canonical(text) as Channel
  } catch (error) {
    if (!(error instanceof LabaError)) throw error
    const which =
      source === "path" ? "The path is not a channel's name" : `${quote(text)} is not a channel's name`
    throw new LabaError("bad_channel", `${which}: ${error.detail}`)
  }
}

/** Whether a raw request path means Laba's own space, however its `_` is spelled. The router serves only the literal one. */
export const isReserved = (path: string): boolean => reserved.test(path)

const reserved = /^\/(?:_|%5[fF])(?:\/|$)/

function canonical(text: string): string {
  // No canonical byte comes from more than three characters (`%41`), so a longer text need not be looked at.
  if (text.length > channelBytesMax * 3) throw tooLong()
  if (!text.startsWith("/")) throw bad("it starts with `/`.")
  if (text === "/") throw bad("`/` alone is none.")
  const name = `/${text.slice(1).split("/").map(canonicalPart).join("/")}`
  if (name.length > channelBytesMax) throw tooLong()
  if (isReserved(name)) throw bad("everything under `/_/` is Laba's own.")
  return name
}

/** One part of a name, between slashes, in canonical form. Throws `bad_channel`. */
export function canonicalPart(part: string): string {
  if (part === "") throw bad("it has an empty part; there is no `/` at its end and no `//`.")
  if (!part.isWellFormed()) throw bad("it holds half of a surrogate pair.")
  if (/[?#]/.test(part)) throw bad("`?` and `#` are written `%3F` and `%23`.")
  if (/%(?![0-9A-Fa-f]{2})/.test(part)) throw bad("`%` is followed by two hexadecimal digits.")
  const decoded = decode(part)
  if (/[/\\]/.test(decoded)) throw bad("a part holds no slash and no backslash, escaped or not.")
  // C0, DEL and C1.
  if (/\p{Cc}/u.test(decoded)) throw bad("it holds a control character.")
  if (decoded.includes("\ufffd")) throw bad("it holds U+FFFD, which stands for bytes that are not UTF-8.")
  if (decoded === "." || decoded === "..") throw bad("`.` and `..` are no parts.")
  return encodeURIComponent(decoded).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)|\*/g, (found) =>
    found === "*" ? "%2A" : decodeURIComponent(found),
  )
}

function decode(part: string): string {
  try {
    // Refuses overlong forms and surrogates too (ECMA-262, 19.2.6.1.3).
    return decodeURIComponent(part)
  } catch {
    throw bad("its escapes are not UTF-8.")
  }
}

const bad = (detail: string): LabaError => new LabaError("bad_channel", detail)

const tooLong = (): LabaError => bad(`it is longer than ${channelBytesMax} bytes.`)

/** The name for an error's text: what is shown of it must not become a second flood. */
const quote = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    "?",
  )
