// The SSE transport: frames as events of a session's stream. Read by `fetch`, which sees status codes and heartbeats;
// `EventSource` sees neither, so it is used only where `fetch` cannot stream or where it was asked for.
import { parseFrame } from "../frames/parse-frame.ts"
import { networkReason } from "../reason.ts"
import { createEventReader } from "./event-stream.ts"
import { reasonOfRefusal } from "./refusal.ts"
import { createSession, type Session, sessionUrl } from "./session.ts"
import type { OpenTransport, TransportEvents } from "./transport.ts"

/** `prefersSource`: the application brought its own `EventSource`, to be used even where `fetch` could stream. */
export const openSse =
  (prefersSource: boolean): OpenTransport =>
  (environment, events) => {
    const { eventSource } = environment
    const session = createSession(environment, events)
    const url = sessionUrl(environment)
    const received = (data: unknown): void => {
      const frame = parseFrame(data)
      if (frame) session.receive(frame)
      else events.alive()
    }
    if (eventSource && (prefersSource || !canStream())) {
      const source = eventSource(url)
      source.onmessage = (event: { data: unknown }) => received(event.data)
      // It would come back by itself, to a new session without our subscriptions.
      source.onerror = () => session.fail(broken)
      session.signal.addEventListener("abort", () => source.close())
    } else void readByFetch(url, events, session, received)
    return session.transport
  }

const broken = networkReason("The stream broke.")

const canStream = (): boolean => typeof Response !== "undefined" && "body" in Response.prototype

async function readByFetch(
  url: string,
  events: TransportEvents,
  session: Session,
  received: (data: string) => void,
): Promise<void> {
  const read = createEventReader(received)
  try {
    const response = await session.request("GET", url, { accept: "text/event-stream" })
    if (!response.ok) return session.fail(await reasonOfRefusal(response))
    if (!response.body) return session.fail(networkReason("This fetch cannot stream."))
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    while (!session.isOver()) {
      const { done, value } = await reader.read()
      if (done) break
      events.alive()
      read(decoder.decode(value, { stream: true }))
    }
    session.fail(networkReason("The stream ended."))
  } catch {
    session.fail(broken)
  }
}
