// GET /_/stomp, and a channel's own URL with one of the subprotocols: a WebSocket that speaks STOMP. Nothing is listened to before it is
// subscribed to, so no right but that to be here is asked for.
import { LabaError } from "../../../wire/error.ts"
import { stompSubprotocols } from "../../protocols/stomp/version.ts"
import { StompConversation } from "../../transports/stomp/stomp-conversation.ts"
import type { Converse } from "../../transports/conversation/conversation.ts"
import { identityOf, signIn } from "../../transports/conversation/sign-in.ts"
import { ConversationSocket } from "../../transports/websocket/conversation-socket.ts"
import { admitConnection } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import { checkHandshake, answerHandshake } from "./handshake.ts"

/** Without subprotocols, too: then CONNECT alone says the version. */
export async function openStomp(context: ApiContext, request: ApiRequest): Promise<Response | undefined> {
  checkHandshake(request.raw)
  const offered = request.raw.headers.get("sec-websocket-protocol")
  if (offered === null) return speakStomp(context, request, null)
  const chosen = stompSubprotocolIn(offered)
  if (chosen !== null) return speakStomp(context, request, chosen)
  throw new LabaError("bad_subprotocol", `Offer ${stompSubprotocols.join(", ")}, or no subprotocol.`)
}

/** The newest of the offered subprotocols that is STOMP; null when none is. */
export function stompSubprotocolIn(offered: string): string | null {
  const names = offered.split(",").map((name) => name.trim())
  return stompSubprotocols.find((name) => names.includes(name)) ?? null
}

/** STOMP over a connection that came by HTTP: who it is may be known from its handshake, and CONNECT may say more. */
export const converseInStomp =
  (context: ApiContext): Converse =>
  (connection) =>
    new StompConversation(context.stomp, connection, async ({ credential }) => {
      if (credential !== null) signIn(connection, await identityOf(credential, context), context)
    })

/** After the handshake was looked at. */
export async function speakStomp(
  context: ApiContext,
  request: ApiRequest,
  subprotocol: string | null,
): Promise<Response | undefined> {
  const { socketKinds } = context
  refuseWhileDraining(context)
  const number = context.connections.reserve()
  const admitted = await admitConnection(context, request, {
    number,
    transport: "websocket",
    protocol: "stomp",
    subprotocols: subprotocol === null ? [] : [subprotocol],
    channel: null,
    channels: [],
    readsHistory: false,
  })
  const socket = new ConversationSocket({
    context,
    kindOf: socketKinds.of,
    converse: converseInStomp(context),
  })
  return answerHandshake(context, request, { number, admitted, socket, subprotocol })
}
