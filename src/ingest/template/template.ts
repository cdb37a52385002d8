// Templates as the configuration writes them: text with `{…}` where a message's own values go. Read once, when the
// configuration is; knows what a placeholder may name, and refuses to know messages.

/** What a placeholder names. */
type Reference =
  | { readonly of: "topic"; readonly spans: boolean }
  | { readonly of: "key" | "body" }
  | { readonly of: "header" | "field"; readonly name: string }
  | { readonly of: "json"; readonly path: readonly string[] }

/** A piece of a template: text as it stands, or a value's place, with how it was written. */
export type Piece = string | Placeholder

export interface Placeholder {
  readonly reference: Reference
  /** As it stands in the configuration, with its braces. */
  readonly text: string
}

/** What is wrong with a template, as a clause that follows its place: `has a { without its }`. */
export class TemplateError extends Error {
  override readonly name = "TemplateError"
}

/** Pieces of one template. Each is filled for each message. */
const piecesMax = 50

/** The longest template, in characters. A name has 255 bytes, and data that is longer belongs into the message. */
const templateCharsMax = 4096

/**
 * Reads a template. `{{` and `}}` are braces themselves. `fields`: what the kind of source knows besides.
 * Throws `TemplateError`.
 */
export function parseTemplate(text: string, fields: readonly string[]): readonly Piece[] {
  if (text.length > templateCharsMax) throw new TemplateError(`is longer than ${templateCharsMax} characters`)
  const pieces: Piece[] = []
  let literal = ""
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at)
    if ((character === "{" || character === "}") && text.charAt(at + 1) === character) {
      literal += character
      at += 2
    } else if (character === "}") throw new TemplateError("has a } without its {; a brace itself is }}")
    else if (character === "{") {
      const end = endOfPlaceholder(text, at)
      if (literal !== "") pieces.push(literal)
      literal = ""
      pieces.push({
        reference: parseReference(text.slice(at + 1, end), fields),
        text: text.slice(at, end + 1),
      })
      at = end + 1
    } else {
      literal += character
      at++
    }
  }
  if (literal !== "") pieces.push(literal)
  if (pieces.length > piecesMax) throw new TemplateError(`has more than ${piecesMax} pieces`)
  return pieces
}

/** Quoted names may hold braces. */
function endOfPlaceholder(text: string, start: number): number {
  let isQuoted = false
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (isQuoted && character === "\\") at++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === "}" && !isQuoted) return at
    else if (character === "{" && !isQuoted) break
  }
  throw new TemplateError("has a { without its }; a brace itself is {{")
}

/** Reads what stands between braces. Throws `TemplateError`. */
export function parseReference(text: string, fields: readonly string[]): Reference {
  if (text.length > templateCharsMax) throw new TemplateError(`is longer than ${templateCharsMax} characters`)
  if (text === "topic") return { of: "topic", spans: false }
  if (text === "topic...") return { of: "topic", spans: true }
  if (text === "key" || text === "body") return { of: text }
  if (fields.includes(text)) return { of: "field", name: text }
  if (text.startsWith("header.") && text.length > "header.".length)
    return { of: "header", name: text.slice("header.".length) }
  if (text.startsWith("json.") || text.startsWith("json[")) return { of: "json", path: parsePath(text) }
  const known = ["json.<name>", "header.<name>", "key", "topic", "topic...", "body", ...fields]
  throw new TemplateError(`has {${text.slice(0, 60)}}, which names nothing; there are ${known.join(", ")}`)
}

/** The deepest value that a template may name. */
const depthMax = 20

/** A name as it is, or between brackets and quotes as JSON has it; an index of a list is a number. */
const step = /\.([^.[\]{}"\s]+)|\[(\d{1,9}|"(?:[^"\\]|\\.)*")\]/y

function parsePath(text: string): readonly string[] {
  const path: string[] = []
  for (let at = "json".length; at < text.length;) {
    step.lastIndex = at
    const match = step.exec(text)
    if (!match) throw notAPath(text)
    const [all, plain, bracketed] = match
    path.push(plain ?? nameIn(bracketed as string, text))
    at += all.length
  }
  if (path.length > depthMax) throw new TemplateError(`goes more than ${depthMax} deep into JSON`)
  return path
}

function nameIn(bracketed: string, text: string): string {
  if (!bracketed.startsWith('"')) return bracketed
  try {
    return JSON.parse(bracketed) as string
  } catch {
    throw notAPath(text)
  }
}

const notAPath = (text: string): TemplateError =>
  new TemplateError(
    `has {${text.slice(0, 60)}}, which is no path; write json.order.id, json.items[0] or json["a.b"]`,
  )
