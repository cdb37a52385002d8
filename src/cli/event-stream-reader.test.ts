import { expect, test } from "bun:test"
import fc from "fast-check"
import { readEventStream, type StreamBlock } from "./event-stream-reader.ts"

/** Reads a stream that arrives cut at these places. */
async function read(text: string, cuts: readonly number[] = []): Promise<StreamBlock[]> {
  const bytes = new TextEncoder().encode(text)
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const chunks = places.slice(1).map((end, i) => bytes.slice(places[i], end))
  return Array.fromAsync(readEventStream(new Blob(chunks).stream()))
}

test("reads a cursor, a message of two lines, a named event and a heartbeat", async () => {
  const text = "id: a-1\n\nid: a-2\ndata: one\ndata:two\n\n:\n\nevent: reset\nretry: 300\ndata: {}\n\n"
  expect(await read(text)).toEqual([
    { event: "message", data: null, id: "a-1", retryMs: null },
    { event: "message", data: "one\ntwo", id: "a-2", retryMs: null },
    { event: "message", data: null, id: "a-2", retryMs: null },
    { event: "reset", data: "{}", id: "a-2", retryMs: 300 },
  ])
})

test("leaves out a block that the end of the stream cut off", async () => {
  expect(await read("data: whole\n\ndata: half")).toHaveLength(1)
})

test("reads the same however the network cuts the stream and whichever line ends are used", async () => {
  const text = "id: a-1\ndata: 喇叭\ndata: 🎫\n\nevent: binary\nid: a-2\ndata: AAE=\n\n"
  const whole = await read(text)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), fc.constantFrom("\n", "\r\n", "\r"), async (cuts, lineEnd) => {
      // A last CR is held back in case its LF follows; a comment after it lets it go.
      expect(await read(`${text.replaceAll("\n", lineEnd)}:`, cuts)).toEqual(whole)
    }),
  )
})
