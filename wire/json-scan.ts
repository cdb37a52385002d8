// Passes over JSON once, without making anything of it: is it JSON (RFC 8259), how deep is it, and where do the values lie
// that somebody wants. What is found is handed out as its own text, so that nothing in it changes. Imports nothing.

/** A JSON value as its sender wrote it, checked. */
export type JsonText = string & { readonly isJson: unique symbol }

/** What a text is not JSON for, or not JSON that is read here. The message is a clause, as in "… breaks at character 7". */
export class BadJson extends Error {
  override readonly name = "BadJson"
}

/** What a value is, by how it begins. */
type JsonKind = "object" | "array" | "string" | "number" | "literal"

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const minus = 0x2d
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** What follows a backslash, four hexadecimal digits aside. */
const escapes: ReadonlySet<number> = new Set(Array.from('"\\/bfnrt', (letter) => letter.charCodeAt(0)))

/** All that may stand in a string as it is. A pattern passes long strings faster than a loop, and short ones slower. */
const plain = /[ !#-[\]-\uffff]*/y
const shortString = 24

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const isHexDigit = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)

/**
 * Reads one text from its beginning to its end, each character once. Every method throws `BadJson` where the text is no JSON, or where a
 * value that is passed whole is nested deeper than `depthMax`: values within values cost whoever parses or prints them more than their
 * length. How deep a caller goes into it is for the caller to bound.
 */
export class JsonScanner {
  private readonly text: string
  private readonly depthMax: number
  private at = 0
  /** How deep it is in a value that is passed whole. */
  private depth = 0

  constructor(text: string, depthMax: number) {
    this.text = text
    this.depthMax = depthMax
  }

  /** What the next value is; nothing is passed. */
  get kind(): JsonKind {
    const code = this.space()
    if (code === openBrace) return "object"
    if (code === openBracket) return "array"
    if (code === quote) return "string"
    return code === minus || isDigit(code) ? "number" : "literal"
  }

  /** Passes the next value. */
  skip(): void {
    const code = this.space()
    if (code === quote) this.string()
    else if (code === openBrace || code === openBracket) this.nested(code)
    else if (code === minus || isDigit(code)) this.number()
    else this.literal()
  }

  /** Passes the next value and answers its text, which shares its memory with the whole. */
  value(): JsonText {
    this.space()
    const start = this.at
    this.skip()
    return this.text.slice(start, this.at) as JsonText
  }

  /** Passes an object. `visit` is called for each of its members, in order, and passes that member's value. */
  members(visit: (name: string) => void): void {
    this.object(visit, null)
  }

  /** The same for members of these names alone: what else is there is passed over, and no name is made. */
  membersNamed<Name extends string>(names: readonly Name[], visit: (name: Name) => void): void {
    this.object(visit as (name: string) => void, names)
  }

  /** Passes an array. `visit` is called for each of its items, in order, and passes it. */
  items(visit: () => void): void {
    this.array(visit)
  }

  /** Nothing but white space is left. */
  end(): void {
    this.space()
    if (this.at < this.text.length) this.fail()
  }

  private nested(bracket: number): void {
    if (this.depth === this.depthMax) throw new BadJson(`is nested more than ${this.depthMax} deep`)
    this.depth++
    if (bracket === openBrace) this.object(null, null)
    else this.array(null)
    this.depth--
  }

  private object(visit: ((name: string) => void) | null, names: readonly string[] | null): void {
    if (this.opens(openBrace, closeBrace)) return
    for (;;) {
      if (this.space() !== quote) this.fail()
      const start = this.at
      this.string()
      const end = this.at
      if (this.space() !== colon) this.fail()
      this.at++
      const name = visit && this.nameAt(start, end, names)
      if (visit && name !== null) visit(name)
      else this.skip()
      if (this.closes(closeBrace)) return
    }
  }

  private array(visit: (() => void) | null): void {
    if (this.opens(openBracket, closeBracket)) return
    for (;;) {
      if (visit) visit()
      else this.skip()
      if (this.closes(closeBracket)) return
    }
  }

  /** Passes an opening bracket. True when the closing one follows at once, and is passed too. */
  private opens(bracket: number, closing: number): boolean {
    if (this.space() !== bracket) this.fail()
    this.at++
    if (this.space() !== closing) return false
    this.at++
    return true
  }

  /** Passes a comma, or a closing bracket, and then says true. */
  private closes(closing: number): boolean {
    const code = this.space()
    if (code !== closing && code !== comma) this.fail()
    this.at++
    return code === closing
  }

  /** Passes white space. The code of what follows; NaN at the end. */
  private space(): number {
    let code = this.text.charCodeAt(this.at)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = this.text.charCodeAt(++this.at)
    return code
  }

  /** The name in these quotes; null when it is none of `names`. */
  private nameAt(start: number, end: number, names: readonly string[] | null): string | null {
    const { text } = this
    const length = end - start - 2
    // Most are there as they are, and need no string of their own.
    if (names)
      for (const name of names) if (name.length === length && text.startsWith(name, start + 1)) return name
    const quoted = text.slice(start, end)
    const name = quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
    return names && !names.includes(name) ? null : name
  }

  private string(): void {
    const { text } = this
    let at = this.at + 1
    const soon = at + shortString
    for (;;) {
      if (at >= soon) {
        plain.lastIndex = at
        plain.test(text)
        at = plain.lastIndex
      }
      const code = text.charCodeAt(at)
      if (code === quote) break
      if (code === backslash) at += this.escapeLength(at)
      else if (code >= 0x20) at++
      else this.fail(at)
    }
    this.at = at + 1
  }

  private escapeLength(at: number): number {
    const code = this.text.charCodeAt(at + 1)
    if (escapes.has(code)) return 2
    if (code !== 0x75) this.fail(at)
    for (let digit = at + 2; digit < at + 6; digit++)
      if (!isHexDigit(this.text.charCodeAt(digit))) this.fail(digit)
    return 6
  }

  private number(): void {
    const { text } = this
    let at = text.charCodeAt(this.at) === minus ? this.at + 1 : this.at
    // What begins with 0 is 0.
    at = text.charCodeAt(at) === 0x30 ? at + 1 : this.digits(at)
    if (text.charCodeAt(at) === 0x2e) at = this.digits(at + 1)
    const exponent = text.charCodeAt(at)
    if (exponent === 0x65 || exponent === 0x45) {
      const sign = text.charCodeAt(at + 1)
      at = this.digits(sign === minus || sign === 0x2b ? at + 2 : at + 1)
    }
    this.at = at
  }

  /** Where the digits end that begin here; there is one or more. */
  private digits(start: number): number {
    let at = start
    while (isDigit(this.text.charCodeAt(at))) at++
    if (at === start) this.fail(at)
    return at
  }

  private literal(): void {
    const { text, at } = this
    if (text.startsWith("true", at) || text.startsWith("null", at)) this.at += 4
    else if (text.startsWith("false", at)) this.at += 5
    else this.fail()
  }

  private fail(at = this.at): never {
    throw new BadJson(at < this.text.length ? `breaks at character ${at}` : "breaks off before its end")
  }
}

/** Throws `BadJson` unless the text is one JSON value, nested at most so deep. */
export function checkJson(text: string, depthMax: number): void {
  const scanner = new JsonScanner(text, depthMax)
  scanner.skip()
  scanner.end()
}
