import { expect, test } from "bun:test"
import { accepts } from "./accept.ts"

test("an event stream is chosen only when it is named", () => {
  const asked = [
    "text/event-stream",
    "Text/Event-Stream",
    "application/json, text/event-stream",
    "text/event-stream;q=0.001",
    " text/event-stream ; charset=utf-8 ; q=1.0 ,*/*",
  ]
  for (const header of asked) expect(accepts(header, "text/event-stream")).toBe(true)
  const notAsked = [
    "*/*",
    "text/*",
    "application/json",
    "",
    ",;,",
    "text/event-streams",
    "x/y;a=text/event-stream",
  ]
  for (const header of [null, ...notAsked]) expect(accepts(header, "text/event-stream")).toBe(false)
})

test("a weight of nothing, or one that is no number, takes nothing", () => {
  for (const weight of ["0", "0.000", "", "x", "-1", "0;q=1"]) {
    expect(accepts(`text/event-stream;q=${weight}`, "text/event-stream")).toBe(false)
  }
})

test("JSON is taken by no header, by name and by range, and the nearest range decides", () => {
  for (const header of [
    null,
    "application/json",
    "*/*",
    "text/html, application/*;q=0.1",
    "application/json;q=1, */*;q=0",
  ]) {
    expect(accepts(header, "application/json")).toBe(true)
  }
  for (const header of ["text/html", "", "application/json;q=0, */*", "application/*;q=0, */*", "image/*"]) {
    expect(accepts(header, "application/json")).toBe(false)
  }
})

test("hostile headers are answered", () => {
  for (const header of [
    ",".repeat(16_000),
    ";".repeat(16_000),
    `"${'\\"'.repeat(8000)}`,
    "text/event-stream;q=".repeat(800),
  ]) {
    expect(typeof accepts(header, "text/event-stream")).toBe("boolean")
  }
})
