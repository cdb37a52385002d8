// The SSE transport: frames as events of a session's stream. Read by `fetch`, which sees status codes and heartbeats;
// `EventSource` sees neither, so it is used only where `fetch` cannot stream or where it was asked for.
import { createEventReader } from "./event-stream.ts"
import { networkReason, reasonOfRefusal } from "../reason.ts"
import { createSession, type Session, sessionUrl } from "./session.ts"
import { type Ear, type Line, parseFrame, type Site, type Transport } from "./transport.ts"

/** `prefersSource`: the application brought its own `EventSource`, to be used even where `fetch` could stream. */
export const openSse =
  (prefersSource: boolean): Transport =>
  (site, ear) => {
    const session = createSession(site, ear)
    if (site.eventSource && (prefersSource || !canStream())) return openBySource(site, ear, session)
    if (!site.fetch) throw new Error("there is neither fetch nor EventSource here")
    void readByFetch(site, ear, session)
    return session.line
  }

const canStream = (): boolean => typeof Response !== "undefined" && "body" in Response.prototype

async function readByFetch(site: Site, ear: Ear, session: Session): Promise<void> {
  const read = createEventReader((data) => {
    const frame = parseFrame(data)
    if (frame) session.heard(frame)
  })
  try {
    const answer = await session.request("GET", sessionUrl(site), { accept: "text/event-stream" })
    if (!answer.ok) return session.lost(await reasonOfRefusal(answer))
    if (!answer.body) return session.lost(networkReason("This fetch cannot stream."))
    const reader = answer.body.getReader()
    const decoder = new TextDecoder()
    while (!session.isOver()) {
      const { done, value } = await reader.read()
      if (done) break
      ear.alive()
      read(decoder.decode(value, { stream: true }))
    }
    session.lost(networkReason("The stream ended."))
  } catch {
    session.lost(networkReason("The stream broke."))
  }
}

function openBySource(site: Site, ear: Ear, session: Session): Line {
  const source = (site.eventSource as NonNullable<Site["eventSource"]>)(sessionUrl(site))
  source.onmessage = (event: { data: unknown }) => {
    const frame = parseFrame(event.data)
    if (frame) session.heard(frame)
    else ear.alive()
  }
  // It would come back by itself, to a new session without our subscriptions.
  source.onerror = () => session.lost(networkReason("The stream broke."))
  session.signal.addEventListener("abort", () => source.close())
  return session.line
}
