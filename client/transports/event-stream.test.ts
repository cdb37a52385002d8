import { expect, test } from "bun:test"
import fc from "fast-check"
import { createEventReader } from "./event-stream.ts"

function read(...pieces: string[]): string[] {
  const heard: string[] = []
  const next = createEventReader((data) => heard.push(data))
  for (const piece of pieces) next(piece)
  return heard
}

test("gives the data of each event, and nothing for comments, ids and unfinished events", () => {
  expect(read(": hi\n\ndata: a\n\nid: 3\n\ndata:b\ndata: c\n\ndata: unfinished\n")).toEqual(["a", "b\nc"])
})

test("takes one space after the colon, and every kind of line end", () => {
  expect(read("data:  a\r\rdata: b\r\n\r\ndata: c\n\n")).toEqual([" a", "b", "c"])
})

test("reads the same however the stream is cut", () => {
  const lines = fc.array(
    fc.constantFrom("data: x", "data:", "data: y z", ": note", "id: 1", "", "event: a", "data"),
  )
  const ends = fc.constantFrom("\n", "\r\n", "\r")
  const cuts = fc.array(fc.nat(200), { maxLength: 8 })
  fc.assert(
    fc.property(lines, ends, cuts, (all, end, at) => {
      const text = `${all.map((line) => line + end).join("")}${end}${end}data: end${end}${end}`
      const places = [0, ...at.map((one) => one % text.length).sort((a, b) => a - b), text.length]
      const pieces = places.slice(1).map((to, index) => text.slice(places[index], to))
      // The last line end may be half of one: a piece that follows settles it.
      expect(read(...pieces, "\n")).toEqual(read(text, "\n"))
      expect(read(...pieces, "\n").at(-1)).toBe("end")
    }),
  )
})
