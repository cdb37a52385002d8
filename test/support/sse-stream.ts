// Listens by server-sent events over fetch, with a parser of our own, so that nothing a library would smooth over is
// missed: ids without data, comments, `retry`.
import type { MessageJson } from "../../wire/frames.ts"
import { type Heard, Listener } from "./heard.ts"
import { fromJson } from "./message-json.ts"
import { type SseEvent, SseParser } from "./sse-parser.ts"

interface SseOptions {
  /** Sent as `Last-Event-ID`, the way a browser resumes. */
  readonly lastEventId?: string
}

export class SseListener extends Listener {
  readonly retries: number[] = []
  readonly comments: string[] = []
  readonly events: SseEvent[] = []
  /** The events that say where the listener stands. */
  readonly positions: SseEvent[] = []
}

/** Opens `url` and answers once the headers are here. A refusal is heard as an `end` with its code. */
export async function listenBySse(url: string, options: SseOptions = {}): Promise<SseListener> {
  const abort = new AbortController()
  const headers: Record<string, string> = { accept: "text/event-stream" }
  if (options.lastEventId !== undefined) headers["last-event-id"] = options.lastEventId
  const response = await fetch(url, { headers, signal: abort.signal })
  const listener = new SseListener(`SSE ${url}`, () => abort.abort())
  if (response.status !== 200) {
    const problem = (await response.json().catch(() => null)) as { code?: string } | null
    listener.inbox.push({ kind: "end", code: problem?.code ?? null, number: response.status })
    return listener
  }
  const type = response.headers.get("content-type") ?? ""
  if (!type.startsWith("text/event-stream")) listener.inbox.fail(`content type is ${type}`)
  void read(response.body as ReadableStream<Uint8Array>, listener, abort.signal)
  return listener
}

async function read(
  body: ReadableStream<Uint8Array>,
  listener: SseListener,
  signal: AbortSignal,
): Promise<void> {
  const parser = parserFor(listener)
  try {
    for await (const bytes of body) parser.push(bytes)
    listener.inbox.push({ kind: "end", code: null, number: null })
  } catch (error) {
    // Our own abort is not news; anything else the test must see.
    if (!signal.aborted) listener.inbox.fail(error)
  }
}

/** A parser that says into `listener` what Laba's events mean. */
export function parserFor(listener: SseListener): SseParser {
  return new SseParser({
    onEvent: (event) => {
      if (event.event === "position") listener.positions.push(event)
      else listener.events.push(event)
      // What is pushed to this connection alone has no place in any channel; `events` has it.
      if (event.event !== "direct") listener.inbox.push(heardOf(event))
    },
    onId: (cursor) => listener.inbox.push({ kind: "position", cursor }),
    onRetry: (ms) => listener.retries.push(ms),
    onComment: (text) => listener.comments.push(text),
  })
}

/** What one event means. On a many-channel stream the data is the message as JSON, on a channel's own it is the message. */
function heardOf(event: SseEvent): Heard {
  const cursor = event.id
  switch (event.event) {
    case "position":
      return { kind: "position", cursor }
    case "reset": {
      const said = JSON.parse(event.data) as { channel?: string; reason: string }
      return { kind: "reset", cursor, reason: said.reason, channel: said.channel ?? null }
    }
    case "close": {
      const said = JSON.parse(event.data) as { code: string }
      return { kind: "end", code: said.code, number: null }
    }
    case "binary": {
      const data = Uint8Array.fromBase64(event.data)
      return { kind: "message", cursor, ownCursor: cursor, data, channel: null, id: null, type: null }
    }
    case "message":
      if (cursor.startsWith("~")) return { ...fromJson(JSON.parse(event.data) as MessageJson), cursor }
      return {
        kind: "message",
        cursor,
        ownCursor: cursor,
        data: event.data,
        channel: null,
        id: null,
        type: null,
      }
    default:
      throw new Error(`an event that the protocol does not have: ${JSON.stringify(event)}`)
  }
}
