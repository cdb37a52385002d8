import { expect, test } from "bun:test"
import { isCanonicalType, isJsonType, isTextType, parseContentType } from "./content-type.ts"

const read = (header: string): [string, Record<string, string>] | null => {
  const contentType = parseContentType(header)
  return contentType && [contentType.type, Object.fromEntries(contentType.parameters)]
}

test("a content type is read in lower case, its parameters apart", () => {
  expect(read("text/plain")).toEqual(["text/plain", {}])
  expect(read(" Text/HTML ;Charset=UTF-8")).toEqual(["text/html", { charset: "UTF-8" }])
  expect(read("application/vnd.api+json")).toEqual(["application/vnd.api+json", {}])
  expect(read('multipart/form-data; boundary="a b;c"')).toEqual([
    "multipart/form-data",
    { boundary: "a b;c" },
  ])
  expect(read('text/plain; a="say \\"hi\\""; b=c;')).toEqual(["text/plain", { a: 'say "hi"', b: "c" }])
})

const malformed = [
  "",
  "text",
  "text/",
  "/plain",
  "text/plain/x",
  "text /plain",
  "text/plain, text/html",
  "text/plain charset=utf-8",
  "text/plain; charset",
  "text/plain; charset=",
  "text/plain; charset=utf-8; CHARSET=latin1",
  'text/plain; charset="utf-8',
  'text/plain; a="\u0001"',
  "text/pl\u0000ain",
  "text/plain\n",
  "text/*",
  `text/${"x".repeat(123)}`,
]

for (const header of malformed) {
  test(`${JSON.stringify(header.slice(0, 60))} of ${header.length} characters is no content type`, () => {
    expect(parseContentType(header)).toBeNull()
  })
}

test("a type may have 127 characters", () => {
  expect(read(`text/${"x".repeat(122)}; a=b`)).toEqual([`text/${"x".repeat(122)}`, { a: "b" }])
})

test("hostile headers are read in one pass", () => {
  for (const header of [
    "text/plain;" + "; ".repeat(8000),
    `text/plain; a="${'\\"'.repeat(8000)}`,
    " ".repeat(16_000),
  ]) {
    expect(() => parseContentType(header)).not.toThrow()
  }
})

test("a canonical type has neither upper case nor parameters", () => {
  expect(isCanonicalType("image/svg+xml")).toBe(true)
  for (const type of ["Image/png", "text/plain; a=b", "text/plain ", "text"])
    expect(isCanonicalType(type)).toBe(false)
})

test("JSON and text are told apart, and from everything else", () => {
  const json = ["application/json", "text/json", "application/problem+json", "image/x+json"]
  const text = ["text/plain", "text/html", "text/x.jsonish", "application/xml", "image/svg+xml", "text/xml"]
  const other = [
    "application/octet-stream",
    "image/png",
    "application/jsonl",
    "application/xmlish",
    "audio/text",
  ]
  expect(json.filter(isJsonType)).toEqual(json)
  expect([...json, ...other].filter(isTextType)).toEqual([])
  expect(text.filter(isTextType)).toEqual(text)
  expect([...text, ...other].filter(isJsonType)).toEqual([])
})
