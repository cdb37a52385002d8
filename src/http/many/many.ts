// /_/ws, /_/events and /_/poll: many channels at once, none chosen by the path.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import { eventStreamType } from "../../protocols/events.ts"
import { readStartPositions } from "../../transports/cursors.ts"
import { PollConnection, whileListed } from "../../transports/poll/poll-connection.ts"
import { ManyStream } from "../../transports/sse/many-stream.ts"
import { accepts } from "../accept.ts"
import type { Ask, Station } from "../api-request.ts"
import { enter, enterOnce } from "../admission.ts"
import { type Answer, upgrade } from "../channels/listen.ts"
import { refuseWhileDraining } from "../handshake.ts"
import { pollMany } from "../channels/poll.ts"
import { parseQuery, type Query } from "../listen-query.ts"
import { answerBy, attachedTo, goAwayStream, lastEventId } from "../channels/stream.ts"

/** GET /_/ws: laba.v1 without a channel of its own. */
export function openSocket(station: Station, ask: Ask): Answer {
  return upgrade(station, ask, null, parseQuery(ask.search, station.shared.limits))
}

/** GET /_/events?channel=/a&channel=/b */
export async function streamMany(station: Station, ask: Ask): Promise<Response> {
  const query = parseQuery(ask.search, station.shared.limits)
  const accept = ask.request.headers.get("accept")
  if (accept !== null && !accepts(accept, eventStreamType) && !accept.includes("*/*")) {
    throw new LabaError("not_acceptable", "This address answers text/event-stream; /_/poll answers JSON.")
  }
  const asked = channelsOf(station, ask, query)
  const after = lastEventId(ask, query) ?? query.after
  // Read before anybody is asked: a malformed cursor is refused whatever the application says.
  readStartPositions(after, asked)
  if (station.draining) return goAwayStream()
  const { shared } = station
  const number = shared.connections.reserve()
  const {
    said,
    user,
    guest: client,
    abandon,
  } = await enter(station, ask, {
    number,
    transport: "sse",
    protocol: "raw",
    channel: null,
    channels: asked,
    readsHistory: after !== null,
  })
  if (station.draining) return goAwayStream(abandon)
  const channels = attachedTo(asked, said)
  return answerBy(
    new ManyStream({
      context: shared,
      request: ask.request,
      number,
      user,
      client,
      reply: said.reply,
      channels,
      from: readStartPositions(after, channels),
    }),
    ask,
  )
}

/** GET /_/poll?channel=/a&channel=/b */
export async function answerManyPoll(station: Station, ask: Ask): Promise<Response> {
  const query = parseQuery(ask.search, station.shared.limits)
  const channels = channelsOf(station, ask, query)
  if (query.wait !== null) refuseWhileDraining(station)
  const {
    number,
    user,
    guest: client,
  } = await enterOnce(station, ask, {
    channel: null,
    channels,
    readsHistory: true,
  })
  return whileListed(
    station.shared.connections,
    number,
    new PollConnection({ user, client, channels }),
    (connection) => pollMany(station, ask, { channels, query, visit: connection }),
  )
}

/** The channels of the query, each once, in order: a compound cursor goes by it. */
function channelsOf(station: Station, { identity }: Ask, query: Query): Channel[] {
  const { channelsPerConnectionMax } = station.shared.limits
  const channels = [
    ...new Set(query.channels.map((name) => station.access.channelOf(identity, name, "body"))),
  ]
  if (channels.length === 0)
    throw new LabaError("bad_query", "Name at least one channel: ?channel=/a&channel=/b")
  if (channels.length > channelsPerConnectionMax) {
    throw new LabaError(
      "too_many_channels",
      `At most ${channelsPerConnectionMax} channels in one request; these are ${channels.length}.`,
      { limit: "channelsPerConnectionMax" },
    )
  }
  return channels
}
