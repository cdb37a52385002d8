import { expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import { isReserved, parseChannel } from "./name.ts"

const canonicalForms: Record<string, string> = {
  "/a": "/a",
  "/orders/42": "/orders/42",
  "/@anna/sales/7": "/@anna/sales/7",
  "/A-z.0_9~!$&'()+,;=:@": "/A-z.0_9~!$&'()+,;=:@",
  "/a%2Db": "/a-b",
  "/%6frders": "/orders",
  "/%41%40%3a%2B": "/A@:+",
  "/a/*": "/a/%2A",
  "/a/%2a": "/a/%2A",
  "/a%3f": "/a%3F",
  "/a%23": "/a%23",
  "/a%25": "/a%25",
  "/a%2541": "/a%2541",
  "/e%cc%81": "/e%CC%81",
  "/%e5%96%87%e5%8f%ad": "/%E5%96%87%E5%8F%AD",
  "/喇叭": "/%E5%96%87%E5%8F%AD",
  "/😀": "/%F0%9F%98%80",
  '/a b"<>[]^`{|}': "/a%20b%22%3C%3E%5B%5D%5E%60%7B%7C%7D",
  "/...": "/...",
  "/.a/b.": "/.a/b.",
  "/_a": "/_a",
  "/__/x": "/__/x",
  "/a/_/x": "/a/_/x",
}

for (const [text, name] of Object.entries(canonicalForms)) {
  test(`[C1] ${text} is the channel ${name}`, () => {
    expect<string>(parseChannel(text, "body")).toBe(name)
    expect<string>(parseChannel(name, "path")).toBe(name)
  })
}

const refused: Record<string, string> = {
  "nothing at all": "",
  "no slash at the start": "orders",
  "the root": "/",
  "a slash at the end": "/a/",
  "an empty part": "/a//b",
  "two slashes at the start": "//a",
  "an escaped slash": "/a%2fb",
  "an escaped backslash": "/a%5Cb",
  "a backslash": "/a\\b",
  "a question mark": "/a?b",
  "a number sign": "/a#b",
  "a broken escape": "/a%zz",
  "half an escape": "/a%4",
  "a lone percent": "/a%",
  "a control character": "/a\n",
  "an escaped NUL": "/a%00",
  "an escaped DEL": "/a%7F",
  "a C1 control": "/a\u0085",
  "an escaped C1 control": "/%c2%85",
  "a lone continuation byte": "/%80",
  "half a character": "/%e5%96",
  "an overlong slash": "/%c0%af",
  "an overlong NUL": "/%e0%80%80",
  "an escaped surrogate": "/%ed%a0%80",
  "a code point above the last": "/%f4%90%80%80",
  "half a surrogate pair": "/\ud800",
  "a dot": "/a/./b",
  "two dots": "/a/../b",
  "two dots at the end": "/a/..",
  "an escaped dot": "/a/%2e",
  "dots, one escaped": "/.%2E/a",
  "the reserved space": "/_/live",
  "the reserved space itself": "/_",
  "the reserved space, escaped": "/%5f/live",
  "the reserved space itself, escaped": "/%5F",
}

for (const [what, text] of Object.entries(refused)) {
  test(`[C2] a name with ${what} is refused`, () => {
    for (const source of ["path", "body"] as const) {
      expect(() => parseChannel(text, source)).toThrow(expect.objectContaining({ code: "bad_channel" }))
    }
  })
}

test("[C2] a name may have 255 bytes in its canonical form and not one more", () => {
  expect(parseChannel(`/${"a".repeat(254)}`, "path")).toHaveLength(255)
  expect(parseChannel(`/${"%61".repeat(254)}`, "path")).toHaveLength(255)
  for (const long of [`/${"a".repeat(255)}`, `/${"%61".repeat(255)}`, `/${"喇".repeat(29)}`]) {
    expect(() => parseChannel(long, "body")).toThrow("longer than 255 bytes")
  }
})

test("a name from a body is quoted in its error, cut short and without raw control characters", () => {
  const thrown = errorOf(() => parseChannel(`/\u0007\u009b${"x".repeat(5000)}/`, "body"))
  expect(thrown.detail.length).toBeLessThan(250)
  expect(thrown.detail).toMatch(/^"\/\\u0007\?x+…" is not a channel's name: /)
})

test("a name at its longest with as many parts as it can have is read", () => {
  expect(parseChannel("/a".repeat(127), "path")).toHaveLength(254)
})

test("the reserved space is seen however its underscore is spelled", () => {
  for (const path of ["/_", "/_/", "/_/live", "/%5f", "/%5F/live", "/_//x"])
    expect(isReserved(path)).toBe(true)
  for (const path of ["/", "/a", "/__/x", "/_a", "/%5fa", "/a/_/x", "/%255f/x", ""])
    expect(isReserved(path)).toBe(false)
})

function errorOf(run: () => unknown): LabaError {
  try {
    run()
  } catch (error) {
    if (error instanceof LabaError) return error
    throw error
  }
  throw new Error("nothing was thrown")
}
