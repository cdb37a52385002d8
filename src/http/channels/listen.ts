// GET /c: listen, by WebSocket, SSE, long-poll or poll, as the request says.
import { LabaError } from "../../../wire/error.ts"
import { labaSubprotocol, rawSubprotocol } from "../../../wire/frames.ts"
import { asksForWebSocket } from "../../access/origins/upgrade-offer.ts"
import type { Channel } from "../../channels/channel.ts"
import { eventStreamType } from "../../protocols/events.ts"
import { readCursor } from "../../transports/cursors.ts"
import { PollConnection, whileListed } from "../../transports/poll/poll-connection.ts"
import { LabaSocket } from "../../transports/websocket/laba-socket.ts"
import { RawSocket } from "../../transports/websocket/raw-socket.ts"
import type { Socket } from "../../transports/websocket/socket.ts"
import { accepts } from "../accept.ts"
import { checkHandshake, refuseWhileDraining } from "../handshake.ts"
import { speakStomp, stompSubprotocolIn } from "../stomp.ts"
import type { Ask, Station } from "../api-request.ts"
import { enter, enterOnce } from "../admission.ts"
import { newest } from "./newest.ts"
import { pollChannel } from "./poll.ts"
import { parseQuery, type Query } from "../listen-query.ts"
import { attachedTo, streamChannel } from "./stream.ts"

export type Answer = Response | undefined | Promise<Response | undefined>

export function listen(station: Station, ask: Ask): Answer {
  const channel = station.access.channelOf(ask.identity, ask.path, "path")
  const query = parseQuery(ask.search, station.shared.limits)
  const { headers } = ask.request
  if (asksForWebSocket(headers)) return upgrade(station, ask, channel, query)
  if (headers.has("range"))
    throw new LabaError(
      "range_not_supported",
      "Ask for a channel without `Range`; use `after=` to go on from a cursor.",
    )
  if (accepts(headers.get("accept"), eventStreamType)) return streamChannel(station, ask, channel, query)
  return poll(station, ask, channel, query)
}

/** Opens a WebSocket: raw without a subprotocol, else laba.v1. `channel` is null at `/_/ws`. */
export async function upgrade(
  station: Station,
  ask: Ask,
  channel: Channel | null,
  query: Query,
): Promise<Response | undefined> {
  const { request, server } = ask
  checkHandshake(request)
  refuseWhileDraining(station)
  const offered = request.headers.get("sec-websocket-protocol")
  const subprotocols = offered?.split(",").map((name) => name.trim()) ?? []
  const inStomp =
    offered === null || subprotocols.includes(labaSubprotocol) ? null : stompSubprotocolIn(offered)
  if (inStomp !== null) return speakStomp(station, ask, inStomp)
  // What Laba does not speak may be for the application to choose from.
  const foreign =
    channel !== null && isForeign(subprotocols) && station.application.asksAbout({ channel, channels: [] })
  const spoken = foreign ? null : chooseSubprotocol(offered, channel)
  const protocol = spoken === labaSubprotocol ? "laba" : "raw"
  const after = readCursor(query.after, channel ?? "")
  const { shared } = station
  const number = shared.connections.reserve()
  const {
    said,
    user,
    guest: client,
    confirm,
    abandon,
  } = await enter(station, ask, {
    number,
    transport: "websocket",
    protocol,
    subprotocols,
    channel,
    channels: [],
    readsHistory: after !== null,
  })
  const chosen = foreign ? (said.subprotocol ?? null) : spoken
  if (foreign && chosen === null) {
    abandon()
    throw noSubprotocol()
  }
  const attached = attachedTo([], said)
  const { reply } = said
  let socket: Socket
  if (protocol === "laba") {
    socket = new LabaSocket({
      context: shared,
      kind: station.socketKinds.laba,
      channel,
      after,
      attached,
      reply,
    })
  } else {
    socket = new RawSocket({
      context: shared,
      kind: station.socketKinds.raw,
      channel: channel as Channel,
      after,
      attached,
      reply,
    })
  }
  socket.number = number
  socket.user = user
  socket.client = client
  // The chosen subprotocol is named, since Bun would echo the first one offered, and that may be a token.
  const options =
    chosen === null ? { data: socket } : { data: socket, headers: { "Sec-WebSocket-Protocol": chosen } }
  let release = () => {}
  try {
    // A raw listener gets no word when it begins to hear: it hears from the moment on that its handshake is answered.
    if (protocol === "raw" && channel !== null) release = await shared.hub.prepare(channel)
    confirm()
    refuseWhileDraining(station)
    if (server.upgrade(request, options)) return undefined
  } catch (error) {
    abandon()
    throw error
  } finally {
    release()
  }
  abandon()
  throw new LabaError("bad_request", "The WebSocket handshake is incomplete.")
}

/** Null: none was offered, so the messages are raw. A browser that offers some, its token among them, wants one back. */
function chooseSubprotocol(offered: string | null, channel: Channel | null): string | null {
  if (offered === null) {
    if (channel) return null
    throw new LabaError(
      "bad_subprotocol",
      `A WebSocket without a channel offers the subprotocol ${labaSubprotocol}.`,
    )
  }
  const names = offered.split(",").map((name) => name.trim())
  if (names.includes(labaSubprotocol)) return labaSubprotocol
  if (channel && names.includes(rawSubprotocol)) return rawSubprotocol
  throw noSubprotocol()
}

const noSubprotocol = (): LabaError =>
  new LabaError(
    "bad_subprotocol",
    `Offer ${labaSubprotocol}, or ${rawSubprotocol} or no subprotocol for raw messages.`,
  )

/** Some are offered, and none is Laba's own. */
const isForeign = (offered: readonly string[]): boolean =>
  offered.length > 0 && !offered.includes(labaSubprotocol) && !offered.includes(rawSubprotocol)

async function poll(station: Station, ask: Ask, channel: Channel, query: Query): Promise<Response> {
  if (query.wait !== null) refuseWhileDraining(station)
  const {
    number,
    user,
    guest: client,
  } = await enterOnce(station, ask, {
    channel,
    channels: [],
    readsHistory: true,
  })
  if (query.after === null && query.wait === null) return newest(station, ask, channel)
  return whileListed(
    station.shared.connections,
    number,
    new PollConnection({ user, client, channels: [channel] }),
    (connection) => pollChannel(station, ask, { channel, query, visit: connection }),
  )
}
