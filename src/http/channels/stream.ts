// GET /c as server-sent events. The application may attach further channels: then it is a stream of many, with compound ids.
import type { Channel } from "../../channels/channel.ts"
import { foreignPosition, type Position } from "../../../wire/cursor.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Welcome } from "../../hooks/hooks.ts"
import { eventStreamType, retryLine } from "../../protocols/events.ts"
import {
  type StartPositions,
  readStreamCursor,
  positionsIn,
  type StreamCursor,
} from "../../transports/cursors.ts"
import { ChannelStream } from "../../transports/sse/channel-stream.ts"
import type { EventStream, EventStreamOptions } from "../../transports/sse/event-stream.ts"
import { ManyStream, type ManyStreamOptions } from "../../transports/sse/many-stream.ts"
import type { Ask, Station } from "../api-request.ts"
import { enter } from "../admission.ts"
import type { Query } from "../listen-query.ts"

export async function streamChannel(
  station: Station,
  ask: Ask,
  channel: Channel,
  query: Query,
): Promise<Response> {
  if (station.draining) return goAwayStream()
  // Of which list it is, is known when the application has said what it attaches; malformed it is refused before that.
  const cursor = readStreamCursor(lastEventId(ask, query) ?? query.after, channel)
  const number = station.shared.connections.reserve()
  const {
    said,
    user,
    guest: client,
    abandon,
  } = await enter(station, ask, {
    number,
    transport: "sse",
    protocol: "raw",
    channel,
    channels: [],
    readsHistory: cursor.kind !== "none",
  })
  if (station.draining) return goAwayStream(abandon)
  const base: EventStreamOptions & Pick<ManyStreamOptions, "reply"> = {
    context: station.shared,
    request: ask.request,
    number,
    user,
    client,
    reply: said.reply,
  }
  const channels = attachedTo([channel], said)
  if (channels.length > 1)
    return answerBy(new ManyStream({ ...base, channels, from: startAt(cursor, channels) }), ask)
  return answerBy(new ChannelStream({ ...base, channel, after: placeOf(cursor) }), ask)
}

/** The answer that a stream is. */
export function answerBy(stream: EventStream, ask: Ask): Response {
  ask.saysVary = true
  return stream.respond()
}

/** Where it stands in its one channel. One of many is from when others were attached. */
function placeOf(cursor: StreamCursor): Position | null {
  if (cursor.kind === "none") return null
  return cursor.kind === "one" ? cursor.position : foreignPosition
}

/** A cursor of the one channel is from before anything was attached to it: in the others it listens from now on. */
function startAt(cursor: StreamCursor, channels: readonly Channel[]): StartPositions {
  if (cursor.kind === "many") return positionsIn(cursor.compound, channels)
  if (cursor.kind === "none") return null
  return channels.map((_, index) => (index === 0 ? cursor.position : null))
}

/**
 * The channels of a stream: those that were asked for, then those that the application attaches. These are sorted, so that
 * a compound cursor is good again whatever order a database gives them in.
 */
export function attachedTo(asked: readonly Channel[], { channels = [] }: Welcome): readonly Channel[] {
  const attached = channels.map((name) => parseChannel(name, "body")).sort()
  return [...new Set([...asked, ...attached])]
}

/**
 * What was heard last. A browser that reconnects still has the old URL, so the header counts before `after`; some stand-ins for
 * EventSource say the same in the query, since a header of theirs needs a preflight.
 */
export const lastEventId = ({ request }: Ask, query: Query): string | null =>
  request.headers.get("last-event-id") || query.lastEventId || null

/** A browser's EventSource never comes back after an error status, so it is let in and ended. `abandon`: it was let in already. */
export function goAwayStream(abandon?: () => void): Response {
  abandon?.()
  return new Response(retryLine(1000), {
    headers: { "Content-Type": `${eventStreamType}; charset=utf-8`, "Cache-Control": "no-store" },
  })
}
