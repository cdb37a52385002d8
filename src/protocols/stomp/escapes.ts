// How the names and values of headers are escaped: not at all in 1.0, `\n \c \\` in 1.1, `\r` too in 1.2. CONNECT and CONNECTED are never
// escaped; who reads or writes them does not come here.
import { LabaError } from "../../../wire/error.ts"
import type { StompVersion } from "./version.ts"

const meaningOf: Readonly<Record<string, string>> = { n: "\n", c: ":", "\\": "\\", r: "\r" }

const spelled: Readonly<Record<string, string>> = { "\n": "\\n", ":": "\\c", "\\": "\\\\", "\r": "\\r" }

/** Reads what was escaped. Throws `bad_frame` for an escape that the version does not know: it is a fatal error of the protocol. */
export function unescapeHeader(text: string, version: StompVersion): string {
  if (version === "1.0" || !text.includes("\\")) return text
  return text.replace(/\\([^]?)/g, (_, letter: string) => {
    const meant = letter === "r" && version === "1.1" ? undefined : meaningOf[letter]
    if (meant !== undefined) return meant
    throw new LabaError(
      "bad_frame",
      `A header has the escape \`\\${letter}\`, which STOMP ${version} does not know.`,
    )
  })
}

/** Writes a name or a value. What 1.0, and a carriage return in 1.1, have no spelling for becomes a space, so that nothing ends a line early. */
export function escapeHeader(text: string, version: StompVersion): string {
  if (version === "1.2") return text.replace(/[\n:\\\r]/g, (found) => spelled[found] as string)
  if (version === "1.1")
    return text.replace(/[\n:\\\r]/g, (found) => (found === "\r" ? " " : (spelled[found] as string)))
  return text.replace(/[\r\n\0]/g, " ")
}

/** Writes a name that somebody else has chosen: where the version cannot spell it, it must not become another one that ends sooner. */
export function escapeName(name: string, version: StompVersion): string {
  const spellable = version === "1.2" ? name : name.replace(version === "1.1" ? /\r/g : /[\r\n\0:]/g, "_")
  return escapeHeader(spellable, version)
}
