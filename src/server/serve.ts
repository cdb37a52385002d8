// A running server: a node's parts with an address. `import { serve } from "laba"` begins here.
import { version } from "../../package.json" with { type: "json" }
import { LabaError } from "../../wire/error.ts"
import { makeKey } from "../access/credentials/keys.ts"
import { isLoopbackAddress } from "../access/origins/loopback-guard.ts"
import type { Ask } from "../http/api-request.ts"
import { admitKeys, admitRunKey, admitThisMachine } from "../http/backend/authentication.ts"
import type { ReloadReport } from "../http/backend/backend.ts"
import { answerOf, idempotencyOf, type PublishAnswer } from "../http/channels/publish.ts"
import { parseChannel } from "../channels/name.ts"
import { type ConfigInput, parseConfig } from "../config/config.ts"
import type { MaybePromise } from "../engines/engine.ts"
import type { Hooks } from "../hooks/hooks.ts"
import { checkSize } from "../hub/drafts.ts"
import { checkIdempotencyKey } from "../protocols/idempotency-key.ts"
import type { Counters } from "../telemetry/counters.ts"
import { Events, type RequestFacts } from "../telemetry/events.ts"
import { makeLog } from "../telemetry/log.ts"
import { startBunServer } from "../transports/bun-server.ts"
import { orClose } from "./engines.ts"
import type { Demos } from "./landing/sections/demos.ts"
import { makeOperation, type Operation } from "./operator-routes.ts"
import { pages } from "./pages.ts"
import { makeParts, type Parts } from "./node.ts"
import { mustBeWhole, payloadFrom, type PublishData } from "./publish-data.ts"
import { type Methods, Router } from "../http/router.ts"
import { shutDown } from "./running/shutdown.ts"
import { type MachineFacts, readMachine, startWarnings } from "./start/start-warnings.ts"
import { checkStart } from "./start/start-checks.ts"

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
 * the system says when the port is taken.
 */
export async function serve(options: ServeOptions = {}): Promise<Laba> {
  const {
    onConnect,
    onSubscribe,
    onMessage,
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
  const config = parseConfig(input)
  const { tls } = await checkStart(config)
  const { host, port } = config.listen
  const machine = await readMachine()
  const format = config.log.format ?? (process.stderr.isTTY ? "pretty" : "json")
  const events = new Events(makeLog({ level: config.log.level, format, to: logTo }))
  const hooks: Hooks = {
    ...(onConnect && { onConnect }),
    ...(onSubscribe && { onSubscribe }),
    ...(onMessage && { onMessage }),
    ...(onDisconnect && { onDisconnect }),
    ...(onOccupied && { onOccupied }),
    ...(onVacated && { onVacated }),
  }
  const parts = makeParts({ config, hooks, events, source })
  const { limits, engine, publisher } = parts
  const held = {
    async close() {
      await parts.station.application.remote?.close(0)
      await parts.cluster.stop()
      await engine.close()
    },
  }
  await orClose(held, () => engine.opened?.())
  let url = ""
  const operation = operationOf(parts, { machine, runKey })
  const shown = pages({ version, address: () => url, demos })
  const router = routerOf(parts, operation, shown)
  const server = await orClose(held, () =>
    startBunServer({
      hostname: host,
      port,
      sharePort,
      limits,
      tls,
      handle: (request, bun, isRewritten) => router.handle(request, bun, isRewritten),
    }),
  )
  publisher.server = server
  url = urlOf(tls ? "https" : "http", host, server.port as number)
  await parts.cluster.begin(server.port as number)
  parts.watches.configure(config.watch)
  events.started({ url, engine: config.engine.name, version })
  // On loopback the crowd that these are about comes through a proxy, if at all.
  const gravity = isLoopbackAddress(host) ? "info" : "warn"
  for (const warning of startWarnings(machine, limits)) events.startWarning(gravity, warning)
  let closing: Promise<void> | null = null
  return {
    url,
    port: server.port as number,
    counters: parts.counters,
    get runKey() {
      return parts.access.isOpen ? runKey : null
    },
    publish: (name, data, publishOptions = {}) => publish(parts, name, data, publishOptions),
    kept: async (name) => (await parts.hub.state(parseChannel(name, "body"))).kept,
    push: (id, data) => push(parts, id, data),
    reload: ({ dry = false } = {}) => parts.reloader.reload(dry),
    close() {
      closing ??= shutDown({ parts, server, operation })
      return closing
    },
  }
}

interface OperationFacts {
  readonly machine: MachineFacts
  readonly runKey: string
}

function operationOf(parts: Parts, { machine, runKey }: OperationFacts): Operation {
  const byRunKey = admitRunKey(runKey)
  const { station, hub, engine, reloader, events, leave, cluster, access, revocations } = parts
  return makeOperation({
    version,
    station,
    hub,
    inventory: engine,
    reloader,
    events,
    machine,
    leaving: () => leave.leaving,
    channelsHeard: () => cluster.channelsHeard,
    isDeaf: () => cluster.isDeaf,
    admit(ask) {
      if (access.hasCredentials) return admitKeys(access)(ask)
      return access.isOpen ? byRunKey(ask) : admitThisMachine(ask)
    },
    revoker: () => (reloader.current.access.tokens ? revocations : null),
  })
}

function routerOf(
  { station, counters, events, inFlight }: Parts,
  operation: Operation,
  shown: ReadonlyMap<string, Methods>,
): Router {
  return new Router({
    station,
    pages: new Map([...shown, ...operation.addresses]),
    areas: [operation.area],
    inFlight,
    onFailure: (error, ask) => events.requestFailed(factsOf(ask), error),
    onRefusal(error, ask) {
      counters.countRefusedRequest(error.code)
      if (ask.request.method === "POST" && !ask.path.startsWith("/_/"))
        counters.countRefusedPublish(error.code)
      events.refused(factsOf(ask), error)
      if (error.code === "foreign_origin") events.originRefused(error.detail)
    },
  })
}

async function publish(
  { limits, hub, drafts }: Parts,
  name: string,
  data: PublishData,
  options: PublishOptions,
): Promise<PublishAnswer> {
  const channel = parseChannel(name, "body")
  const payload = payloadFrom(data, options.type)
  checkSize(payload, limits)
  const key = options.key === undefined ? undefined : checkIdempotencyKey(options.key)
  const published = await hub.publish(
    drafts.make({ channel, payload, idempotency: idempotencyOf(key, payload), publisher: undefined }),
  )
  return answerOf(channel, published)
}

function push({ connections }: Parts, id: string, data: string | Uint8Array): boolean {
  const connection = connections.find(id)
  if (!connection) return false
  if (typeof data === "string") mustBeWhole(data)
  if (connection.direct(typeof data === "string" ? "text/plain" : "application/octet-stream", data))
    return true
  throw new LabaError("cannot_receive", "This connection polls; publish to a channel instead.")
}

const toStandardError = (line: string): void => console.error(line.trimEnd())

const factsOf = ({ request, path }: Ask): RequestFacts => ({ method: request.method, path })

function urlOf(scheme: "http" | "https", host: string, port: number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`
}
