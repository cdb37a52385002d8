import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type SseEvent, SseParser } from "./sse-parser.ts"

/** What is heard of `stream` when it comes in pieces cut at `cuts`. */
function hear(stream: Uint8Array, cuts: readonly number[] = []) {
  const events: SseEvent[] = []
  const ids: string[] = []
  const retries: number[] = []
  const parser = new SseParser({
    onEvent: (event) => events.push(event),
    onId: (id) => ids.push(id),
    onRetry: (ms) => retries.push(ms),
  })
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  for (let index = 1; index < places.length; index++)
    parser.push(stream.subarray(places[index - 1], places[index]))
  return { events, ids, retries, lastEventId: parser.lastEventId }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe("the parser that the suite listens with", () => {
  // The examples of the HTML standard, section 9.2.6.
  test("dispatches the standard's own examples as the standard says", () => {
    expect(hear(bytes("data: YHOO\ndata: +2\ndata: 10\n\n")).events).toMatchObject([{ data: "YHOO\n+2\n10" }])
    const second = hear(
      bytes(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
    )
    expect(second.events).toEqual([
      { event: "message", data: "first event", id: "1" },
      { event: "message", data: "second event", id: "" },
      { event: "message", data: " third event", id: "" },
    ])
    expect(hear(bytes("data\n\ndata\ndata\n\ndata:")).events.map((event) => event.data)).toEqual(["", "\n"])
    expect(hear(bytes("data:test\n\ndata: test\n\n")).events.map((event) => event.data)).toEqual([
      "test",
      "test",
    ])
  })

  test("keeps an id that came without data, and ignores one with a NUL", () => {
    expect(hear(bytes("id: 7\n\n"))).toMatchObject({ events: [], ids: ["7"], lastEventId: "7" })
    expect(hear(bytes("id: 7\n\nid: a\0b\ndata: x\n\n")).events).toMatchObject([{ id: "7" }])
  })

  test("takes `retry` in digits alone", () => {
    expect(hear(bytes("retry: 20\nretry: 2s\nretry: -1\n\n")).retries).toEqual([20])
  })

  test("hears the same however the bytes are cut", () => {
    const line = fc.constantFrom(
      "data: a",
      "data:",
      "data",
      "id: 1",
      "id",
      "event: reset",
      ": c",
      "retry: 5",
      "x: y",
      "喇: 叭",
      "data: 叭",
    )
    const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r")), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 10 }), (lines, cuts) => {
        // A line that is no field ends it, so that a last CR is not half of something.
        const whole = bytes(`${lines.flat().join("")}:end\n`)
        expect(hear(whole, cuts)).toEqual(hear(whole))
      }),
    )
  })
})
