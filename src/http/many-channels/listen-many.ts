// GET /_/ws, /_/events and /_/poll: listens to many channels at once, none of them chosen by the path.
import { LabaError } from "../../../wire/error.ts"
import { readChannel } from "../../access/rules/own-channels.ts"
import type { Channel } from "../../channels/channel.ts"
import { eventStreamType } from "../../protocols/server-sent-events.ts"
import { readStartPositions } from "../../transports/cursors.ts"
import { PollConnection, whileListed } from "../../transports/poll/poll-connection.ts"
import { ManyStream } from "../../transports/sse/many-stream.ts"
import { accepts } from "../accept.ts"
import { admitConnection, admitPoll } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { Answer, ApiRequest } from "../api-request.ts"
import { attachedTo, lastEventId, respondWith } from "../channels/stream.ts"
import { upgrade } from "../websocket/upgrade.ts"
import { goAwayStream, refuseWhileDraining } from "../draining.ts"
import { parseListenQuery, type ListenQuery } from "../listen-query.ts"
import { pollMany } from "./poll-many.ts"

/** GET /_/ws: laba.v1 without a channel of its own. */
export function openSocket(context: ApiContext, request: ApiRequest): Answer {
  return upgrade(context, request, null, parseListenQuery(request.search, context.limits))
}

/** GET /_/events?channel=/a&channel=/b */
export async function streamMany(context: ApiContext, request: ApiRequest): Promise<Response> {
  const query = parseListenQuery(request.search, context.limits)
  const accept = request.raw.headers.get("accept")
  if (accept !== null && !accepts(accept, eventStreamType) && !accept.includes("*/*")) {
    throw new LabaError("not_acceptable", "This address answers text/event-stream; /_/poll answers JSON.")
  }
  const asked = channelsOf(context, request, query)
  const after = lastEventId(request, query) ?? query.after
  // Read before anybody is asked: a malformed cursor is refused whatever the application says.
  readStartPositions(after, asked)
  if (context.shutdown.draining) return goAwayStream()
  const number = context.connections.reserve()
  const { welcome, user, client, abandon } = await admitConnection(context, request, {
    number,
    transport: "sse",
    protocol: "raw",
    channel: null,
    channels: asked,
    readsHistory: after !== null,
  })
  if (context.shutdown.draining) return goAwayStream(abandon)
  const channels = attachedTo(asked, welcome)
  return respondWith(
    new ManyStream({
      context,
      request: request.raw,
      number,
      user,
      client,
      reply: welcome.reply,
      channels,
      from: readStartPositions(after, channels),
    }),
    request,
  )
}

/** GET /_/poll?channel=/a&channel=/b */
export async function answerPollMany(context: ApiContext, request: ApiRequest): Promise<Response> {
  const query = parseListenQuery(request.search, context.limits)
  const channels = channelsOf(context, request, query)
  if (query.wait !== null) refuseWhileDraining(context)
  const { number, user, client } = await admitPoll(context, request, {
    channel: null,
    channels,
    readsHistory: true,
  })
  return whileListed(
    context.connections,
    number,
    new PollConnection({ user, client, channels }),
    (connection) => pollMany(context, request, { channels, query, connection }),
  )
}

/** The channels of the query, each once, in order: a compound cursor goes by it. */
function channelsOf(context: ApiContext, { identity }: ApiRequest, query: ListenQuery): Channel[] {
  const { channelsPerConnectionMax } = context.limits
  const channels = [...new Set(query.channels.map((name) => readChannel(identity, name, "body")))]
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
