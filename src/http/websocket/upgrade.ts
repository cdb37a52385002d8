// Opens WebSockets, at a channel or at `/_/ws`: which protocol is spoken, who may, and the handshake.
import { LabaError } from "../../../wire/error.ts"
import { labaSubprotocol, rawSubprotocol } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import { readCursor } from "../../transports/cursors.ts"
import { LabaConversation } from "../../transports/laba/laba-conversation.ts"
import { ConversationSocket } from "../../transports/websocket/conversation-socket.ts"
import { RawSocket } from "../../transports/websocket/raw-socket.ts"
import type { Socket } from "../../transports/websocket/socket.ts"
import { admitConnection } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import type { ListenQuery } from "../listen-query.ts"
import { attachedTo } from "../channels/stream.ts"
import { checkHandshake } from "./handshake.ts"
import { speakStomp, stompSubprotocolIn } from "./stomp.ts"

/** Opens a WebSocket: raw without a subprotocol, else laba.v1. `channel` is null at `/_/ws`. */
export async function upgrade(
  context: ApiContext,
  request: ApiRequest,
  channel: Channel | null,
  query: ListenQuery,
): Promise<Response | undefined> {
  const { raw, server } = request
  const { headers } = raw
  checkHandshake(raw)
  refuseWhileDraining(context)
  const offered = headers.get("sec-websocket-protocol")
  const subprotocols = offered?.split(",").map((name) => name.trim()) ?? []
  const inStomp =
    offered === null || subprotocols.includes(labaSubprotocol) ? null : stompSubprotocolIn(offered)
  if (inStomp !== null) return speakStomp(context, request, inStomp)
  // What Laba does not speak may be for the application to choose from.
  const isForeign =
    channel !== null && areForeign(subprotocols) && context.application.asksAbout({ channel, channels: [] })
  const spoken = isForeign ? null : chooseSubprotocol(offered, channel)
  const protocol = spoken === labaSubprotocol ? "laba" : "raw"
  const after = readCursor(query.after, channel ?? "")
  const number = context.connections.reserve()
  const { welcome, user, client, confirm, abandon } = await admitConnection(context, request, {
    number,
    transport: "websocket",
    protocol,
    subprotocols,
    channel,
    channels: [],
    readsHistory: after !== null,
  })
  const chosen = isForeign ? (welcome.subprotocol ?? null) : spoken
  if (isForeign && chosen === null) {
    abandon()
    throw noSubprotocol()
  }
  const attached = attachedTo([], welcome)
  const { reply } = welcome
  let socket: Socket
  if (protocol === "laba") {
    socket = new ConversationSocket({
      context,
      kindOf: context.socketKinds.of,
      converse: (connection) =>
        new LabaConversation(context, connection, { channel, after, attached, reply }),
    })
  } else {
    socket = new RawSocket({
      context,
      kind: context.socketKinds.raw,
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
    if (protocol === "raw" && channel !== null) release = await context.hub.prepare(channel)
    confirm()
    refuseWhileDraining(context)
    if (server.upgrade(raw, options)) return undefined
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
const areForeign = (offered: readonly string[]): boolean =>
  offered.length > 0 && !offered.includes(labaSubprotocol) && !offered.includes(rawSubprotocol)
