// What every WebSocket handshake must be, and how it ends, whatever is spoken then.
import { LabaError } from "../../../wire/error.ts"
import { asksForWebSocket, connectionUpgrades } from "../../access/origins/upgrade-offer.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { Socket } from "../../transports/websocket/socket.ts"
import type { Admitted } from "../admission.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { refuseWhileDraining } from "../draining.ts"
import { webSocketVersion } from "../problem.ts"

/** Throws `upgrade_not_supported` and `bad_request`. */
export function checkHandshake({ headers }: Request): void {
  if (!asksForWebSocket(headers)) {
    throw new LabaError("upgrade_not_supported", "This address is for WebSockets: `Upgrade: websocket`.")
  }
  // Bun asks for no `Connection` (RFC 6455, 4.2.1). A proxy that takes `Upgrade` for an ordinary header passes it on without,
  // and what is answered then is nothing that it would let through.
  if (!connectionUpgrades(headers)) {
    throw new LabaError(
      "bad_request",
      "A WebSocket handshake has `Connection: Upgrade`; a proxy in front has to pass it on, by HTTP/1.1.",
    )
  }
  // Here and not by Bun, which answers another version with a bare 426 that names nothing.
  if (headers.get("sec-websocket-version")?.trim() !== webSocketVersion) {
    throw new LabaError(
      "upgrade_not_supported",
      `Only version ${webSocketVersion} of WebSocket is spoken here: \`Sec-WebSocket-Version: ${webSocketVersion}\`.`,
    )
  }
}

interface Opening {
  readonly number: number
  readonly admitted: Admitted
  readonly socket: Socket
  /** Named in the answer, since Bun would echo the first one offered, and that may be a token. Null: none is spoken. */
  readonly subprotocol: string | null
  /** Waited for before the handshake is answered; what it gives is called after it. */
  readonly prepare?: () => MaybePromise<() => void>
}

/** Answers the handshake. Who cannot come after all is abandoned. Throws what `confirm` throws, and `bad_request`. */
export async function answerHandshake(
  context: ApiContext,
  { raw, server }: ApiRequest,
  { number, admitted, socket, subprotocol, prepare }: Opening,
): Promise<undefined> {
  socket.number = number
  socket.user = admitted.user
  socket.client = admitted.client
  let release = () => {}
  try {
    if (prepare) release = await prepare()
    admitted.confirm()
    refuseWhileDraining(context)
    const headers = subprotocol === null ? {} : { "Sec-WebSocket-Protocol": subprotocol }
    if (server.upgrade(raw, { data: socket, headers })) return
    throw new LabaError("bad_request", "The WebSocket handshake is incomplete.")
  } catch (error) {
    admitted.abandon()
    throw error
  } finally {
    release()
  }
}
