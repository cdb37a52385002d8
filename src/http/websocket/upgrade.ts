// Opens WebSockets, at a channel or at `/_/ws`: which protocol is spoken, who may, and the handshake.
import { LabaError } from "../../../wire/error.ts"
import { labaSubprotocol, rawSubprotocol } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import { readCursor } from "../../transports/cursors.ts"
import type { Converse } from "../../transports/conversation/conversation.ts"
import { LabaConversation } from "../../transports/laba/laba-conversation.ts"
import { ConversationSocket } from "../../transports/websocket/conversation-socket.ts"
import { RawSocket } from "../../transports/websocket/raw-socket.ts"
import { admitConnection } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import type { ListenQuery } from "../listen-query.ts"
import { attachedTo } from "../channels/stream.ts"
import { checkHandshake, answerHandshake } from "./handshake.ts"
import { speakStomp, stompSubprotocolIn } from "./stomp.ts"

/** Opens a WebSocket: raw without a subprotocol, else laba.v1. `channel` is null at `/_/ws`. */
export async function upgrade(
  context: ApiContext,
  request: ApiRequest,
  channel: Channel | null,
  query: ListenQuery,
): Promise<Response | undefined> {
  checkHandshake(request.raw)
  refuseWhileDraining(context)
  const offered = request.raw.headers.get("sec-websocket-protocol")
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
  const admitted = await admitConnection(context, request, {
    number,
    transport: "websocket",
    protocol,
    subprotocols,
    channel,
    channels: [],
    readsHistory: after !== null,
  })
  const { welcome } = admitted
  const subprotocol = isForeign ? (welcome.subprotocol ?? null) : spoken
  if (isForeign && subprotocol === null) {
    admitted.abandon()
    throw noSubprotocol()
  }
  const { socketKinds, hub } = context
  const start = { after, attached: attachedTo([], welcome), reply: welcome.reply }
  if (protocol === "laba" || channel === null) {
    const converse: Converse = (connection) =>
      new LabaConversation(context, connection, { channel, ...start })
    const socket = new ConversationSocket({ context, kindOf: socketKinds.of, converse })
    return answerHandshake(context, request, { number, admitted, socket, subprotocol })
  }
  const socket = new RawSocket({ context, kind: socketKinds.raw, channel, ...start })
  // A raw listener gets no word when it begins to hear: it hears from the moment on that its handshake is answered.
  const prepare = () => hub.prepare(channel)
  return answerHandshake(context, request, { number, admitted, socket, subprotocol, prepare })
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
