// The one place that starts Bun's server: its settings, each for a reason, and the way from its callbacks to ours.
import type { Server } from "bun"
import type { Limits } from "../../wire/limits.ts"
import { isRewrittenUnrouted, rawTargetRoutes } from "./raw-target.ts"
import { hardLimitFactor } from "./slow-readers.ts"
import type { Socket } from "./websocket/socket.ts"

interface BunServerOptions {
  readonly hostname: string
  readonly port: number
  /** Whether other processes of this user may listen there too. Linux spreads connections among them. */
  readonly sharePort: boolean
  readonly limits: Limits
  /** Texts in PEM; without them it serves plain HTTP. With `ca`, clients need a certificate of one of these authorities. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string } | null
  /** Never throws. `undefined` after a WebSocket was opened. A path that is rewritten is another than what came. */
  readonly handle: (
    request: Request,
    server: Server<Socket>,
    isRewritten: boolean,
  ) => Response | undefined | Promise<Response | undefined>
}

// A JSON string may need six bytes for one of payload (`\u0000`), and a frame some around it. The same sum is all that bounds
// fragments which are never finished: the runtime tells of none, and has one maximum for every socket.
const frameFactor = 6
const frameOverheadBytes = 4096

/** Bun answers a bare 413 above this. Ours has a code: it goes by Content-Length, and counts what comes in chunks. */
const bodyBytesMax = 2 ** 40

/** Bun's server, as endpoints know it. */
export type HttpServer = Server<Socket>

export function startBunServer(options: BunServerOptions): HttpServer {
  const { limits, tls } = options
  return Bun.serve<Socket>({
    hostname: options.hostname,
    port: options.port,
    // A request or body that drips is cut after 10 s; streams and held polls set their own.
    idleTimeout: 10,
    maxRequestBodySize: bodyBytesMax,
    // Unless it is meant: a second server on the same port would take half of the connections in silence.
    reusePort: options.sharePort,
    development: false,
    ...(tls && {
      tls: {
        cert: tls.cert,
        key: tls.key,
        ...(tls.ca !== undefined && { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
      },
    }),
    routes: rawTargetRoutes((request, bun: HttpServer, isRewritten) =>
      options.handle(request, bun, isRewritten),
    ) as Bun.Serve.Routes<Socket, string>,
    fetch: (request, bun) => options.handle(request, bun, isRewrittenUnrouted(request.url)),
    websocket: {
      maxPayloadLength: limits.messageBytesMax * frameFactor + frameOverheadBytes,
      // A net only: it closes with 1006 and no reason. Slow readers are judged by slow-readers.ts, at a quarter of it.
      backpressureLimit: limits.outboxBytesMax * hardLimitFactor,
      closeOnBackpressureLimit: true,
      // Bun's own pings spare a dead client for as long as something is pushed to it, so the heartbeat is ours.
      sendPings: false,
      // Whole seconds, and the heartbeat may be less than one.
      idleTimeout: Math.min(960, Math.ceil(limits.heartbeatSeconds * 3)),
      perMessageDeflate: false,
      open: (ws) => ws.data.onOpen(ws),
      message: (ws, message) => ws.data.onMessage(message),
      drain: (ws) => ws.data.onDrain(),
      pong: (ws) => ws.data.onPong(),
      ping: (ws) => ws.data.onPong(),
      close: (ws, code, reason) => ws.data.onClose(code, reason),
    },
  })
}
