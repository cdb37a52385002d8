// A running server: a node with an address. `import { serve } from "laba"` begins here.
import { typeOfData } from "../../wire/content-type.ts"
import { version } from "../../package.json" with { type: "json" }
import { makeKey } from "../access/credentials/keys.ts"
import { isLoopbackAddress } from "../access/origins/loopback-guard.ts"
import { parseChannel } from "../channels/name.ts"
import { type ConfigInput, parseConfig } from "../config/config.ts"
import type { MaybePromise } from "../engines/engine.ts"
import type { Hooks } from "../hooks/hooks.ts"
import type { ApiRequest } from "../http/api-request.ts"
import type { ReloadReport } from "../http/backend/backend.ts"
import type { PublishAnswer } from "../http/publish-answer.ts"
import { Router } from "../http/router.ts"
import type { Counters } from "../telemetry/counters.ts"
import { Events, type RequestFacts } from "../telemetry/events.ts"
import { makeLog } from "../telemetry/log.ts"
import { startBunServer } from "../transports/bun-server.ts"
import { cannotReceive } from "../transports/connections/cannot-receive.ts"
import { closeOnError } from "./engines.ts"
import type { Demos } from "./landing/sections/demos.ts"
import { makeNode, type Node } from "./node.ts"
import { makeOperatorRoutes, type OperatorRoutes } from "./operator-routes.ts"
import { pages } from "./pages.ts"
import { mustBeWhole, payloadFromData, type PublishData } from "./publishing/publish-data.ts"
import { abandon, shutDown } from "./running/shutdown.ts"
import { checkStart } from "./start/start-checks.ts"
import { readMachine, startWarnings } from "./start/start-warnings.ts"

/** The config file's shape, and the application's hooks. */
export interface ServeOptions extends ConfigInput, Hooks {
  /** Takes the lines of the log, each with its end. What is written and how it looks is in `log`. Default: standard error. */
  readonly logTo?: (line: string) => void
  /** Where the configuration comes from, to be asked again at a reload. Default: there is nothing to read again. */
  readonly source?: () => MaybePromise<ConfigInput>
  /** Whether other processes of this user may listen at the same port, which then share its connections. Default false. */
  readonly sharePort?: boolean
  /** What runs beside the server and its landing page leads to: addresses by name. Default none. */
  readonly demos?: Demos
  /** What `Laba.runKey` is to be. Default: made at the start. */
  readonly runKey?: string
}

export interface PublishOptions {
  /** Content type. Default: `text/plain` for a string, `application/octet-stream` for bytes, else `application/json`. */
  readonly type?: string
  /** An Idempotency-Key: the same key and data within two minutes publish once. */
  readonly key?: string
}

/** A running server. */
export interface Laba {
  /** Where it listens, for example `http://127.0.0.1:8080`. */
  readonly url: string
  readonly port: number
  /** Where STOMP is spoken over TCP; null where it is not. */
  readonly stompPort: number | null
  readonly counters: Readonly<Counters>
  /** The key that the backend API and the metrics take for this run, where anybody may come and no key is configured; else null. */
  readonly runKey: string | null
  /** Publishes as `POST` does. Throws `LabaError`. */
  publish(channel: string, data: PublishData, options?: PublishOptions): Promise<PublishAnswer>
  /** How many messages of a channel can still be read. Throws `LabaError`. */
  kept(channel: string): Promise<number>
  /** Pushes to one connection of this node by its id: unnumbered, not kept. False when the connection is gone, or another node's. Throws `cannot_receive`. */
  push(connection: string, data: string | Uint8Array): boolean
  /**
   * Reads the configuration again and uses it, unless `dry`; answers what changed and from when on it holds. Throws
   * `LabaError` with `bad_config`, and then nothing has changed.
   */
  reload(options?: { readonly dry?: boolean }): Promise<ReloadReport>
  /** Stops accepting, sends every listener away over `limits.drainSeconds`, and ends. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a server. Throws `ConfigError` when the options are wrong, `LabaError` when the engine cannot be opened, and what
 * the system says when the port is taken; of the port of STOMP, `StompPortError`.
 */
export async function serve(options: ServeOptions = {}): Promise<Laba> {
  const {
    onConnect,
    onSubscribe,
    onMessage,
    onNack,
    onDisconnect,
    onOccupied,
    onVacated,
    logTo = toStandardError,
    source = null,
    demos = {},
    sharePort = false,
    runKey = makeKey("run").text,
    ...input
  } = options
  const hooks = { onConnect, onSubscribe, onMessage, onNack, onDisconnect, onOccupied, onVacated } as Hooks

  // What is to be, whether it can be, and where it is told.
  const config = parseConfig(input)
  const { tls } = await checkStart(config)
  const machine = await readMachine()
  const format = config.log.format ?? (process.stderr.isTTY ? "pretty" : "json")
  const events = new Events(makeLog({ level: config.log.level, format, to: logTo }))

  // The node, what its endpoints are, and the server that hands requests to them.
  const node = makeNode({ config, hooks, events, source })
  const held = { close: () => abandon(node) }
  await closeOnError(held, () => node.engine.opened?.())
  const { host, port: portWished } = config.listen
  const addressAt = (port: number): string => urlOf(tls ? "https" : "http", host, port)
  const operatorRoutes = makeOperatorRoutes(node, { version, machine, runKey })
  const router = makeRouter(node, operatorRoutes, pages({ version, addressAt, demos }))
  const server = await closeOnError(held, () =>
    startBunServer({
      hostname: host,
      port: portWished,
      sharePort,
      limits: node.limits,
      tls,
      handle: (request, bun, isRewritten) => router.handle(request, bun, isRewritten),
    }),
  )
  node.serverHandle.server = server
  const listening = { close: () => abandon(node, server) }
  await closeOnError(listening, () =>
    node.stompPort.begin(node, { ...config.stomp, hostname: host, tls, sharePort }),
  )

  // Others learn of it.
  const port = server.port as number
  await closeOnError(listening, () => node.cluster.begin(port))
  node.watches.configure(config.watch)
  node.ingests.configure(config.ingest)
  const stompPort = node.stompPort.port
  events.started({
    url: addressAt(port),
    ...(stompPort !== null && { stompPort }),
    engine: config.engine.name,
    version,
  })
  // On loopback the crowd that these are about comes through a proxy, if at all.
  const gravity = isLoopbackAddress(host) ? "info" : "warn"
  for (const warning of startWarnings(machine, node.limits)) events.startWarning(gravity, warning)

  let closing: Promise<void> | null = null
  return {
    url: addressAt(port),
    port,
    get stompPort() {
      return node.stompPort.port
    },
    counters: node.counters,
    get runKey() {
      return node.access.isOpen ? runKey : null
    },
    publish: (channel, data, { type, key } = {}) =>
      node.publishAsServer(channel, () => payloadFromData(data, type), key),
    kept: async (name) => (await node.hub.state(parseChannel(name, "body"))).kept,
    push: (id, data) => push(node, id, data),
    reload: ({ dry = false } = {}) => node.reloader.reload(dry),
    close() {
      closing ??= shutDown({ node, server, operatorRoutes })
      return closing
    },
  }
}

function makeRouter(
  node: Node,
  { addresses, backend }: OperatorRoutes,
  shown: ReturnType<typeof pages>,
): Router {
  const { counters, events, inFlight } = node
  return new Router({
    context: node,
    pages: new Map([...shown, ...addresses]),
    prefixRoutes: [backend],
    inFlight,
    onFailure: (error, request) => events.requestFailed(factsOf(request), error),
    onRefusal(error, request) {
      counters.countRefusedRequest(error.code)
      if (request.raw.method === "POST" && !request.path.startsWith("/_/"))
        counters.countRefusedPublish(error.code)
      events.refused(factsOf(request), error)
      if (error.code === "foreign_origin") events.originRefused(error.detail)
    },
  })
}

function push({ connections }: Node, id: string, data: string | Uint8Array): boolean {
  const connection = connections.find(id)
  if (!connection) return false
  if (typeof data === "string") mustBeWhole(data)
  if (connection.direct(typeOfData(data), data)) return true
  throw cannotReceive(connection)
}

const toStandardError = (line: string): void => console.error(line.trimEnd())

const factsOf = ({ raw, path }: ApiRequest): RequestFacts => ({ method: raw.method, path })

function urlOf(scheme: "http" | "https", host: string, port: number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`
}
