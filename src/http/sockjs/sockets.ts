// GET <service>/<server>/<session>/websocket: a WebSocket in frames of SockJS. GET <service>/websocket: one without them, for clients that
// speak what the service carries and no SockJS. Neither is a session that is found again.
import { LabaError } from "../../../wire/error.ts"
import { labaSubprotocol, rawSubprotocol } from "../../../wire/frames.ts"
import { asksForWebSocket } from "../../access/origins/upgrade-offer.ts"
import { SockJsSocket } from "../../transports/sockjs/sockjs-socket.ts"
import { ConversationSocket } from "../../transports/websocket/conversation-socket.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { answerHandshake, checkHandshake } from "../websocket/handshake.ts"
import { stompSubprotocolIn } from "../websocket/stomp.ts"
import { letIn } from "./conversations.ts"
import type { SockJsCarries } from "./sockjs-config.ts"
import type { SockJsPlace } from "./sockjs-context.ts"

export async function openSockJsSocket(
  context: ApiContext,
  request: ApiRequest,
): Promise<Response | undefined> {
  checkSockJsHandshake(request)
  const { carries } = context.sockjs.placeOf(request.path) as SockJsPlace
  const { converse, ...opening } = await letIn(context, request, { carries, transport: "websocket" })
  const socket = new SockJsSocket({ context, socketKinds: context.socketKinds, converse })
  return answerHandshake(context, request, { ...opening, socket, subprotocol: null })
}

export async function openRawSocket(context: ApiContext, request: ApiRequest): Promise<Response | undefined> {
  checkSockJsHandshake(request)
  const { carries } = context.sockjs.placeOf(request.path) as SockJsPlace
  const subprotocol = subprotocolFor(carries, request.raw.headers.get("sec-websocket-protocol"))
  const { converse, ...opening } = await letIn(context, request, { carries, transport: "websocket" })
  const socket = new ConversationSocket({ context, kindOf: context.socketKinds.of, converse })
  return answerHandshake(context, request, { ...opening, socket, subprotocol })
}

/** Who asks for no WebSocket here is told so by the status that SockJS has for it. */
function checkSockJsHandshake({ raw }: ApiRequest): void {
  if (!asksForWebSocket(raw.headers))
    throw new LabaError("bad_request", "This address is for WebSockets: `Upgrade: websocket`.")
  checkHandshake(raw)
}

/** What is spoken is known from the path. What was offered is named where it says the same; a token among the subprotocols is not. */
function subprotocolFor({ protocol }: SockJsCarries, offered: string | null): string | null {
  if (offered === null) return null
  if (protocol === "stomp") return stompSubprotocolIn(offered)
  const own = protocol === "laba" ? labaSubprotocol : rawSubprotocol
  return offered.split(",").some((name) => name.trim() === own) ? own : null
}
