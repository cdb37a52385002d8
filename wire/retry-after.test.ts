import { expect, test } from "bun:test"
import { retryAfterIn } from "./retry-after.ts"

const now = Date.UTC(2026, 10, 30, 12, 0, 0)
const read = (retryAfter: string | null, date: string | null = null) =>
  retryAfterIn({ get: (name) => ({ "retry-after": retryAfter, date })[name] ?? null }, now)

test("seconds are read as they are, up to a day", () => {
  expect(read("0")).toBe(0)
  expect(read(" 120 ")).toBe(120)
  expect(read("99999999999999999999999")).toBe(86_400)
})

test("a date in any of its forms is so many seconds from now", () => {
  for (const date of [
    "Mon, 30 Nov 2026 12:01:30 GMT",
    "Monday, 30-Nov-26 12:01:30 GMT",
    "Mon Nov 30 12:01:30 2026",
  ])
    expect([date, read(date)]).toEqual([date, 90])
  expect(read("Mon, 30 Nov 2026 11:00:00 GMT")).toBe(0)
  expect(read("Tue, 30 Nov 2027 12:00:00 GMT")).toBe(86_400)
})

test("a date counts from the answer's own, whose clock may be another", () => {
  expect(read("Mon, 30 Nov 2026 15:00:30 GMT", "Mon, 30 Nov 2026 15:00:00 GMT")).toBe(30)
  expect(read("Mon, 30 Nov 2026 09:00:30 GMT", "Mon, 30 Nov 2026 09:00:00 GMT")).toBe(30)
  expect(read("Mon, 30 Nov 2026 12:01:00 GMT", "yesterday")).toBe(60)
})

test("what is neither says nothing", () => {
  for (const text of [
    null,
    "",
    "soon",
    "-1",
    "1.5",
    "1e3",
    "0x10",
    "2026-11-30T12:01:30Z",
    "Mon, 99 Foo 2026",
    "Later, perhaps",
  ])
    expect([text, read(text)]).toEqual([text, undefined])
})
