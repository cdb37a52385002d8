import { expect, test } from "bun:test"
import { defaultLimits } from "../../wire/limits.ts"
import { parseListenQuery } from "./listen-query.ts"

const parse = (search: string) => parseListenQuery(search, defaultLimits)
const refused = (search: string, code: string) =>
  expect(() => parse(search)).toThrow(expect.objectContaining({ code }))

test("nothing asked is nothing read", () => {
  const nothing = { after: null, lastEventId: null, wait: null, channels: [] }
  for (const search of ["", "?", "?&&", "?utm=1", "?After=a", "?_=123&x=%ff"])
    expect(parse(search)).toEqual(nothing)
})

test("after, wait and every channel are read in order", () => {
  expect(parse("?channel=/b&after=k3f9a-2s&channel=%2Fa%20+b&wait=25")).toEqual({
    after: "k3f9a-2s",
    lastEventId: null,
    wait: 25,
    channels: ["/b", "/a  b"],
  })
})

test("names and values may be escaped, and the question mark may be left out", () => {
  expect(parse("%61fter=%E5%96%87&c%68annel=/%25")).toMatchObject({ after: "喇", channels: ["/%"] })
})

test("an empty `after` is given, not left out", () => {
  expect(parse("?after=").after).toBe("")
  expect(parse("?after").after).toBe("")
})

test("`wait` is a number of seconds up to the limit", () => {
  const seconds: Record<string, number> = {
    "0": 0,
    "1": 1,
    "0.5": 0.5,
    "007": 7,
    "25": 25,
    "26": 25,
    "99999999999": 25,
  }
  for (const [text, wait] of Object.entries(seconds)) expect(parse(`?wait=${text}`).wait).toBe(wait)
  expect(parse(`?wait=${"9".repeat(4000)}`).wait).toBe(25)
})

test("a `wait` that is no number is refused", () => {
  for (const text of [
    "",
    "-1",
    "%2B1",
    "1.",
    ".5",
    "1e3",
    "0x9",
    "NaN",
    "Infinity",
    "25s",
    " 1",
    "1%00",
    "١",
  ]) {
    refused(`?wait=${text}`, "bad_query")
  }
})

test("a parameter that has one value is refused when it is there twice", () => {
  refused("?after=a&after=a", "bad_query")
  refused("?wait=1&wait=2", "bad_query")
  refused("?lastEventId=a&lastEventId=", "bad_query")
  refused("?after&%61fter", "bad_query")
})

test("broken escapes are refused wherever they are, and text that is not UTF-8 where it is read", () => {
  for (const search of [
    "?after=%",
    "?after=%4",
    "?x=%zz",
    "?%=1",
    "?after=%ff",
    "?channel=%c0%af",
    "?channel=%ed%a0%80",
    "?after=\ud800",
  ]) {
    refused(search, "bad_query")
  }
})

test("a query may have as many bytes as the limit and not one more", () => {
  const max = defaultLimits.queryBytesMax
  expect(parse(`?after=${"a".repeat(max - 6)}`).after).toHaveLength(max - 6)
  refused(`?after=${"a".repeat(max - 5)}`, "query_too_long")
  refused(`?after=${"é".repeat(max / 2)}`, "query_too_long")
})
