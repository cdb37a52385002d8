// GET /c as server-sent events. The application may attach further channels: then it is a stream of many, with compound ids.
import type { Channel } from "../../channels/channel.ts"
import { foreignPosition, type Position } from "../../../wire/cursor.ts"
import { parseChannel } from "../../channels/name.ts"
import type { Welcome } from "../../hooks/hooks.ts"
import {
  type StartPositions,
  readStreamCursor,
  positionsIn,
  type StreamCursor,
} from "../../transports/cursors.ts"
import { ChannelStream } from "../../transports/sse/channel-stream.ts"
import type { EventStream, EventStreamOptions } from "../../transports/sse/event-stream.ts"
import { ManyStream, type ManyStreamOptions } from "../../transports/sse/many-stream.ts"
import { admitConnection } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { goAwayStream } from "../draining.ts"
import type { ListenQuery } from "../listen-query.ts"

export async function streamChannel(
  context: ApiContext,
  request: ApiRequest,
  channel: Channel,
  query: ListenQuery,
): Promise<Response> {
  if (context.shutdown.draining) return goAwayStream()
  // Of which list it is, is known when the application has said what it attaches; malformed it is refused before that.
  const cursor = readStreamCursor(lastEventId(request, query) ?? query.after, channel)
  const number = context.connections.reserve()
  const { welcome, user, client, abandon } = await admitConnection(context, request, {
    number,
    transport: "sse",
    protocol: "raw",
    channel,
    channels: [],
    readsHistory: cursor.kind !== "none",
  })
  if (context.shutdown.draining) return goAwayStream(abandon)
  const base: EventStreamOptions & Pick<ManyStreamOptions, "reply"> = {
    context,
    request: request.raw,
    number,
    user,
    client,
    reply: welcome.reply,
  }
  const channels = attachedTo([channel], welcome)
  if (channels.length > 1)
    return respondWith(new ManyStream({ ...base, channels, from: startPositions(cursor, channels) }), request)
  return respondWith(new ChannelStream({ ...base, channel, after: positionIn(cursor) }), request)
}

/** The answer that a stream is. */
export function respondWith(stream: EventStream, request: ApiRequest): Response {
  request.answerSaysVary = true
  return stream.respond()
}

/** Where it stands in its one channel. One of many is from when others were attached. */
function positionIn(cursor: StreamCursor): Position | null {
  if (cursor.kind === "none") return null
  return cursor.kind === "one" ? cursor.position : foreignPosition
}

/** A cursor of the one channel is from before anything was attached to it: in the others it listens from now on. */
function startPositions(cursor: StreamCursor, channels: readonly Channel[]): StartPositions {
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
export const lastEventId = ({ raw }: ApiRequest, query: ListenQuery): string | null =>
  raw.headers.get("last-event-id") || query.lastEventId || null
