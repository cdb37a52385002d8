// What is said in a SockJS session, by what its service carries; and who is let in to say it.
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import { LabaConversation } from "../../transports/laba/laba-conversation.ts"
import type { Converse } from "../../transports/conversation/conversation.ts"
import { RawConversation } from "../../transports/raw/raw-conversation.ts"
import { type Admitted, admitConnection } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { attachedTo } from "../channels/stream.ts"
import { refuseWhileDraining } from "../draining.ts"
import { converseInStomp } from "../websocket/stomp.ts"
import type { SockJsCarries } from "./sockjs-config.ts"

interface LetIn {
  readonly number: number
  readonly admitted: Admitted
  readonly converse: Converse
  /** Waited for before the connection opens; what it gives is called after it. */
  readonly prepare: () => MaybePromise<() => void>
}

/** Lets somebody in as to any other connection, and begins what the service carries. Throws why not. */
export async function letIn(
  context: ApiContext,
  request: ApiRequest,
  { carries, transport }: { readonly carries: SockJsCarries; readonly transport: "websocket" | "sockjs" },
): Promise<LetIn> {
  refuseWhileDraining(context)
  const number = context.connections.reserve()
  const admitted = await admitConnection(context, request, {
    number,
    transport,
    protocol: carries.protocol,
    channel: carries.protocol === "raw" ? carries.channel : null,
    channels: [],
    readsHistory: false,
  })
  // A raw listener gets no word when it begins to hear: it hears from the moment on that its connection is open.
  const prepare =
    carries.protocol === "raw" ? () => context.hub.prepare(carries.channel) : () => () => undefined
  return { number, admitted, converse: converseIn(context, carries, admitted), prepare }
}

function converseIn(context: ApiContext, carries: SockJsCarries, { welcome }: Admitted): Converse {
  if (carries.protocol === "stomp") return converseInStomp(context)
  const attached: readonly Channel[] = attachedTo([], welcome)
  const { reply } = welcome
  if (carries.protocol === "raw") {
    const { channel } = carries
    return (connection) => new RawConversation({ context, connection, channel, attached, reply })
  }
  return (connection) => new LabaConversation(context, connection, { attached, reply })
}
