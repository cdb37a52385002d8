// Reads `multipart/form-data` (RFC 7578). Not by `formData()`: Bun's takes a file's type from its name instead of its
// header, strips a byte order mark, and puts U+FFFD where a field is not UTF-8.
import { LabaError } from "../../../wire/error.ts"

/** One part of a form. */
interface FormPart {
  readonly name: string
  /** Whether it has a file's name. */
  readonly file: boolean
  /** Its `Content-Type` as written, or null. */
  readonly contentType: string | null
  readonly bytes: Uint8Array
}

/** RFC 2046, 5.1.1. */
export const isBoundary = (text: string): boolean => /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(text)

/** All parts in order. Linear. Throws `bad_body` when the form is broken. */
export function readParts(bytes: Uint8Array, boundary: string): readonly FormPart[] {
  // A character a byte, so that searching is the runtime's own. The line break in front makes all delimiters alike.
  const text = `\r\n${byteString(bytes)}`
  const parts: FormPart[] = []
  let delimiter = nextDelimiter(text, boundary, 0)
  while (!delimiter.last) {
    const next = nextDelimiter(text, boundary, delimiter.end - 2)
    const headersEnd = text.indexOf("\r\n\r\n", delimiter.end - 2)
    if (headersEnd < 0 || headersEnd + 2 > next.start)
      throw broken("a part has no headers, or no empty line after them")
    const headers = readHeaders(text.slice(delimiter.end, headersEnd))
    // In `bytes` an index is smaller by the two of that line break. An empty part's one line break may be the delimiter's.
    const start = headersEnd + 4
    parts.push({ ...headers, bytes: bytes.subarray(start - 2, Math.max(start, next.start) - 2) })
    delimiter = next
  }
  return parts
}

interface Delimiter {
  readonly start: number
  /** Behind its line. */
  readonly end: number
  readonly last: boolean
}

function nextDelimiter(text: string, boundary: string, from: number): Delimiter {
  const line = `\r\n--${boundary}`
  for (let start = text.indexOf(line, from); start >= 0; start = text.indexOf(line, start + 1)) {
    const end = start + line.length
    if (text.startsWith("--", end)) return { start, end, last: true }
    lineEnd.lastIndex = end
    // Otherwise it is data that begins like the boundary.
    if (lineEnd.test(text)) return { start, end: lineEnd.lastIndex, last: false }
  }
  throw broken("its boundary, or its last boundary, is not there")
}

const lineEnd = /[ \t]*\r\n/y

function readHeaders(text: string): Omit<FormPart, "bytes"> {
  let disposition: string | null = null
  let contentType: string | null = null
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":")
    if (colon <= 0) throw broken("a part's header has no colon")
    const value = line.slice(colon + 1).trim()
    const name = line.slice(0, colon).toLowerCase()
    if (name === "content-disposition") disposition = value
    if (name === "content-type") contentType = copyOf(value)
    if (name === "content-transfer-encoding" && !/^(?:7bit|8bit|binary)$/i.test(value)) {
      throw broken("a part has a Content-Transfer-Encoding, which forms over HTTP have not")
    }
  }
  if (disposition === null) throw broken("a part has no Content-Disposition")
  return { ...readDisposition(disposition), contentType }
}

const dispositionParameter = /[ \t]*;[ \t]*([\w*!#$&+.^`|~-]+)=(?:"((?:[^"\\]|\\[^])*)"|([^\s;"]*))/y

function readDisposition(text: string): { name: string; file: boolean } {
  const kind = /^form-data[ \t]*(?=;|$)/i.exec(text)
  if (!kind) throw broken("a part's Content-Disposition is not form-data")
  let name: string | null = null
  let file = false
  dispositionParameter.lastIndex = kind[0].length
  for (let match = dispositionParameter.exec(text); match; match = dispositionParameter.exec(text)) {
    const key = (match[1] as string).toLowerCase()
    if (key === "name") name = match[2] ?? (match[3] as string)
    if (key === "filename" || key === "filename*") file = true
  }
  if (name === null) throw broken("a part has no name")
  return { name, file }
}

/** Latin-1 as it is, not windows-1252 as `TextDecoder` has it. In pieces, since arguments stand on the stack. */
function byteString(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return text
}

/** A message keeps its type, and what is cut out of a string keeps the whole of it: here the form. */
const copyOf = (text: string): string => JSON.parse(JSON.stringify(text)) as string

const broken = (why: string): LabaError => new LabaError("bad_body", `The multipart form is broken: ${why}.`)
