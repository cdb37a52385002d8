import { expect, test } from "bun:test"
import { printable, printableJson, printableLines } from "./printable.ts"

const hostile = "a\u001b[2J\u009b31m\u0007\rb\u202ec\u2028d\u0000"

test("nothing that a terminal obeys is left in a text", () => {
  expect(printable(hostile)).toBe("a\\u001b[2J\\u009b31m\\u0007\\rb\\u202ec\\u2028d\\u0000")
  expect(printable("one\ntwo\tthree")).toBe("one\\ntwo\\tthree")
})

test("of several lines the ends and the columns stay, and a carriage return alone does not", () => {
  expect(printableLines("one\ntwo\tthree\r\nfour\rfive\u001b[A")).toBe(
    "one\ntwo\tthree\r\nfour\\rfive\\u001b[A",
  )
})

test("JSON stays the same JSON, and letters of every script stay themselves", () => {
  const json = printableJson(JSON.stringify({ hostile }))
  expect(json).not.toMatch(/[\p{Cc}\u2028\u202e]/u)
  expect(JSON.parse(json)).toEqual({ hostile })
  for (const text of ["喇叭", "👩‍🍳", "é", "مرحبا"]) expect(printable(text)).toBe(text)
})
