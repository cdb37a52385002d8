// What a content type says about a payload: for the server, which checks it, and for the client, which reads it.
// Imports nothing.

/** A content type that was read. */
export interface ContentType {
  /** `type/subtype` in lower case: what a message keeps. */
  readonly type: string
  /** By name in lower case. Each was there once. */
  readonly parameters: ReadonlyMap<string, string>
}

/** The longest `type/subtype`. Registered ones end at about 80 characters; it is stored and sent with every message. */
const contentTypeCharsMax = 127

/** JSON by its type: kept as text and sent as JSON. Takes a canonical type, as messages have. */
export const isJsonType = (type: string): boolean =>
  type === "application/json" || type === "text/json" || type.endsWith("+json")

/** Text that is not JSON: kept and sent as a string. Takes a canonical type, as messages have. */
export const isTextType = (type: string): boolean =>
  !isJsonType(type) && (type.startsWith("text/") || type === "application/xml" || type.endsWith("+xml"))

/** The type of data whose type nobody has said. */
export const typeOfData = (data: string | Uint8Array): string =>
  typeof data === "string" ? "text/plain" : "application/octet-stream"

const noParameters: ReadonlyMap<string, string> = new Map()

// RFC 6838, 4.2. Nothing in it needs an escape in JSON, in a header or in a log.
const canonical = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/
// RFC 9110, 5.6.6: also a lone `;`. Tried at one place after the other, each character in one way, so it is linear.
const parameter =
  /[ \t]*;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~])*)"))?[ \t]*/y

/** Whether this is a `type/subtype` as messages have it: lower case, no parameters, not too long. */
export const isCanonicalType = (type: string): boolean =>
  type.length <= contentTypeCharsMax && canonical.test(type)

/** Reads a `Content-Type`. Null when it is malformed, too long, or says a parameter twice. */
export function parseContentType(header: string): ContentType | null {
  if (isCanonicalType(header)) return { type: header, parameters: noParameters }
  const end = header.indexOf(";")
  const type = withoutBlanksAround(end < 0 ? header : header.slice(0, end)).toLowerCase()
  if (!isCanonicalType(type)) return null
  const parameters = end < 0 ? noParameters : readParameters(header, end)
  return parameters && { type, parameters }
}

/** By hand: `/[ \t]+$/` tries every run of blanks within, at a cost that grows with its square. */
function withoutBlanksAround(text: string): string {
  const isBlank = (at: number): boolean => text[at] === " " || text[at] === "\t"
  let start = 0
  let end = text.length
  while (start < end && isBlank(start)) start++
  while (end > start && isBlank(end - 1)) end--
  return text.slice(start, end)
}

function readParameters(header: string, from: number): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>()
  let at = from
  while (at < header.length) {
    parameter.lastIndex = at
    const match = parameter.exec(header)
    if (!match) return null
    at = parameter.lastIndex
    const name = match[1]?.toLowerCase()
    if (name === undefined) continue
    if (parameters.has(name)) return null
    parameters.set(name, match[2] ?? (match[3] as string).replace(/\\(.)/g, "$1"))
  }
  return parameters
}
