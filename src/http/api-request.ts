// One HTTP request on its way through the API.
import type { Identity } from "../access/access.ts"
import type { HttpServer } from "../transports/bun-server.ts"

/** What was asked. */
export interface ApiRequest {
  /** As the runtime has it. */
  readonly raw: Request
  readonly server: HttpServer
  /** The path as it came, without query. */
  readonly path: string
  /** The query with its `?`, or empty. */
  readonly search: string
  /** Who asks, by the credential shown. Found by the router before any endpoint is reached. */
  identity: Identity
  /** The answer's own headers say already that it differs by origin: to look at them again costs each open stream 230 bytes. */
  answerSaysVary?: true
}

/** What an endpoint answers; `undefined` after a WebSocket was opened. */
export type Answer = Response | undefined | Promise<Response | undefined>

/** The address at the other end of the connection, be it a proxy's. */
export const peerOf = ({ server, raw }: ApiRequest): string => server.requestIP(raw)?.address ?? ""
