// GET /c: listen, by WebSocket, SSE, long-poll or poll, as the request says.
import { LabaError } from "../../../wire/error.ts"
import { asksForWebSocket } from "../../access/origins/upgrade-offer.ts"
import { readChannel } from "../../access/rules/own-channels.ts"
import type { Channel } from "../../channels/channel.ts"
import { eventStreamType } from "../../protocols/server-sent-events.ts"
import { PollConnection, whileListed } from "../../transports/poll/poll-connection.ts"
import { accepts } from "../accept.ts"
import { admitPoll } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { Answer, ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import { parseListenQuery, type ListenQuery } from "../listen-query.ts"
import { newest } from "./newest.ts"
import { pollChannel } from "./poll.ts"
import { streamChannel } from "./stream.ts"
import { upgrade } from "../websocket/upgrade.ts"

export function listen(context: ApiContext, request: ApiRequest): Answer {
  const channel = readChannel(request.identity, request.path, "path")
  const query = parseListenQuery(request.search, context.limits)
  const { headers } = request.raw
  if (asksForWebSocket(headers)) return upgrade(context, request, channel, query)
  if (headers.has("range"))
    throw new LabaError(
      "range_not_supported",
      "Ask for a channel without `Range`; use `after=` to go on from a cursor.",
    )
  if (accepts(headers.get("accept"), eventStreamType)) return streamChannel(context, request, channel, query)
  return poll(context, request, channel, query)
}

async function poll(
  context: ApiContext,
  request: ApiRequest,
  channel: Channel,
  query: ListenQuery,
): Promise<Response> {
  if (query.wait !== null) refuseWhileDraining(context)
  const { number, user, client } = await admitPoll(context, request, {
    channel,
    channels: [],
    readsHistory: true,
  })
  if (query.after === null && query.wait === null) return newest(context, request, channel)
  return whileListed(
    context.connections,
    number,
    new PollConnection({ user, client, channels: [channel] }),
    (connection) => pollChannel(context, request, { channel, query, connection }),
  )
}
