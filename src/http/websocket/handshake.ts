// What every WebSocket handshake must be, whatever is spoken then.
import { LabaError } from "../../../wire/error.ts"
import { asksForWebSocket, connectionUpgrades } from "../../access/origins/upgrade-offer.ts"
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
