// Puts the parts together: one node from a config. The only file that names concrete engines, transports and pages.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Ask, Station } from "../api/ask.ts"
import { Gate } from "../access/gate.ts"
import { isLoopbackAddress } from "../access/loopback-guard.ts"
import { admitKeys, admitThisMachine } from "../api/backend/admission.ts"
import type { ReloadReport } from "../api/backend/backend.ts"
import { answerOf, idempotencyOf, type PublishAnswer } from "../api/publish.ts"
import { parseChannel } from "../channels/name.ts"
import { refuseAccident } from "../config/accident.ts"
import { type ConfigInput, parseConfig } from "../config/config.ts"
import type { MaybePromise } from "../engines/engine.ts"
import { Application } from "../hooks/application.ts"
import type { Hooks } from "../hooks/hooks.ts"
import { Drafts, type Payload } from "../hub/drafts.ts"
import { NodeHub } from "../hub/node-hub.ts"
import { checkKey } from "../protocols/laba.ts"
import { Counters } from "../telemetry/counters.ts"
import { Events, type RequestFacts } from "../telemetry/events.ts"
import { makeLog } from "../telemetry/log.ts"
import { startBunServer } from "../transports/bun-server.ts"
import { Connections } from "../transports/connections.ts"
import { Holds } from "../transports/poll/hold.ts"
import type { Shared } from "../transports/shared.ts"
import { SlowReaders } from "../transports/slow-readers.ts"
import { TimerWheel } from "../transports/timer-wheel.ts"
import type { Publisher } from "../transports/websocket/socket-group.ts"
import { makeSocketKinds } from "../transports/websocket/socket-kinds.ts"
import { makeAccess } from "./access-parts.ts"
import { makePublishFor } from "./client-publish.ts"
import { makeEngine, type NodeEngine, orClose } from "./engines.ts"
import { version } from "../../package.json" with { type: "json" }
import { makeOperation } from "./operation.ts"
import { pages } from "./pages.ts"
import { payloadFrom, type PublishData } from "./payload.ts"
import { Reloader } from "./reload.ts"
import { dismissWhoLostRights } from "./rights.ts"
import { Router } from "./router.ts"
import { readMachine, startWarnings } from "./start-warnings.ts"
import { readTls } from "./tls.ts"

/** The config file's shape, and the application's hooks. */
export interface ServeOptions extends ConfigInput, Hooks {
  /** Takes the lines of the log, each with its end. What is written and how it looks is in `log`. Default: standard error. */
  readonly logTo?: (line: string) => void
  /** Where the configuration comes from, to be asked again at a reload. Default: there is nothing to read again. */
  readonly source?: () => MaybePromise<ConfigInput>
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
  /** Publishes as `POST` does. Throws `LabaError`. */
  publish(channel: string, data: PublishData, options?: PublishOptions): Promise<PublishAnswer>
  /** Pushes to one connection by its id: unnumbered, not kept. False when the connection is gone. Throws `cannot_receive`. */
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
    onMessage,
    onDisconnect,
    logTo = (line: string) => console.error(line.trimEnd()),
    source,
    ...input
  } = options
  const config = parseConfig(input)
  refuseAccident(config)
  const tls = config.tls === null ? null : await readTls(config.tls)
  const machine = await readMachine()
  // Shared by all parts and written anew by a reload: who reads a limit reads it when it is needed.
  const limits: Limits = { ...config.limits }
  const events = new Events(
    makeLog({
      level: config.log.level,
      format: config.log.format ?? (process.stderr.isTTY ? "pretty" : "json"),
      to: logTo,
    }),
  )
  const node = randomName()
  const counters = new Counters()
  const trimmed = (channel: string): void => {
    counters.historyTrimmed++
    events.historyTrimmed(channel)
  }
  let beforeReload = config
  const reloader = new Reloader({
    config,
    read: source ?? null,
    use(next) {
      Object.assign(limits, next.limits)
      const before = new Gate({ config: beforeReload, revocations })
      beforeReload = next
      access.configure(next)
      admissions.configure(limits)
      hub.rulesChanged()
      const keys = new Set(next.access.keys.map(({ name }) => name))
      dismissWhoLostRights({ connections, before, now: access, keys })
    },
    counters,
    events,
  })
  let engine!: NodeEngine
  const hub = new NodeHub({
    engine: (ear) => {
      const onTrouble = (says: string | null) => events.engineTrouble(says)
      engine = makeEngine(config.engine, ear, { limits, onTrim: trimmed, onTrouble })
      return engine
    },
    ruleFor: (channel) => reloader.current.rules.for(channel),
    limits,
    counters,
    onSlow: (channel, kind) => events.slowReaderClosed({ channel, kind }),
  })
  const hooks: Hooks = {
    ...(onConnect && { onConnect }),
    ...(onMessage && { onMessage }),
    ...(onDisconnect && { onDisconnect }),
  }
  const application = new Application(hooks, (hook, error) => {
    counters.hooksFailed++
    events.hookFailed(hook, error)
  })
  const connections = new Connections(node)
  const { access, admissions, revocations } = makeAccess({ config, limits, connections, events })
  const slowReaders = new SlowReaders(limits)
  const wheel = new TimerWheel()
  const drafts = new Drafts(node)
  const publisher: Publisher = { server: null }
  const shared: Shared = {
    hub,
    wheel,
    slowReaders,
    connections,
    limits,
    counters,
    setTimeout: (request, seconds) => publisher.server?.timeout(request, seconds),
    access,
    admissions,
    publishFor: makePublishFor({ hub, drafts, application, connections, limits, access, admissions }),
    failed: ({ transport, protocol }, error) => events.connectionFailed({ transport, protocol }, error),
    gone(connection, code, reason) {
      if (!application.tellsOnDisconnect) return
      const { transport, user, number } = connection
      void application.disconnected({ connection: connections.idOf(number), transport, user, code, reason })
    },
  }
  const drain = { leaving: false, draining: false }
  const station: Station = {
    shared,
    access,
    admissions,
    drafts,
    application,
    holds: new Holds(limits),
    socketKinds: makeSocketKinds(publisher, slowReaders),
    get draining() {
      return drain.draining
    },
  }
  let address = ""
  const operation = makeOperation({
    version,
    station,
    hub,
    inventory: engine,
    reloader,
    events,
    machine,
    leaving: () => drain.leaving,
    admit: (ask) => (access.hasCredentials ? admitKeys(access)(ask) : admitThisMachine(ask)),
    revoker: () => (reloader.current.access.tokens ? revocations : null),
  })
  const router = new Router({
    station,
    pages: new Map([...pages({ version, address: () => address }), ...operation.addresses]),
    areas: [operation.area],
    onFailure: (error, ask) => events.requestFailed(factsOf(ask), error),
    onRefusal(error, ask) {
      counters.countRefusedRequest(error.code)
      if (ask.request.method === "POST" && !ask.path.startsWith("/_/"))
        counters.countRefusedPublish(error.code)
      events.refused(factsOf(ask), error)
    },
  })
  const server = await orClose(engine, () =>
    startBunServer({
      hostname: config.listen.host,
      port: config.listen.port,
      limits,
      tls,
      handle: (request, bun) => router.handle(request, bun),
    }),
  )
  publisher.server = server
  address = urlOf(tls ? "https" : "http", config.listen.host, server.port as number)
  events.started({ url: address, engine: config.engine.name, version })
  // On loopback the crowd that these are about comes through a proxy, if at all.
  const gravity = isLoopbackAddress(config.listen.host) ? "info" : "warn"
  for (const warning of startWarnings(machine, limits)) events.startWarning(gravity, warning)
  let closing: Promise<void> | null = null
  return {
    url: address,
    port: server.port as number,
    counters,
    async publish(name, data, publishOptions = {}) {
      const channel = parseChannel(name, "body")
      const payload = payloadFrom(data, publishOptions.type)
      checkSize(payload, limits)
      const key = publishOptions.key === undefined ? undefined : checkKey(publishOptions.key)
      const published = await hub.publish(
        drafts.make({ channel, payload, idempotency: idempotencyOf(key, payload) }),
      )
      return answerOf(channel, published)
    },
    push(id, data) {
      const connection = connections.find(id)
      if (!connection) return false
      if (connection.direct(typeof data === "string" ? "text/plain" : "application/octet-stream", data))
        return true
      throw new LabaError("cannot_receive", "This connection polls; publish to a channel instead.")
    },
    reload: ({ dry = false } = {}) => reloader.reload(dry),
    close() {
      closing ??= (async () => {
        drain.leaving = true
        events.draining({ connections: connections.size, seconds: limits.drainSeconds })
        // Everybody is still let in and served, until those who ask `/_/ready` have had the time to learn.
        if (limits.drainGraceSeconds > 0) await pause(limits.drainGraceSeconds * 1000)
        drain.draining = true
        const stopped = server.stop()
        // What was accepted is given out before anybody is sent away, and written: Bun writes after the turn.
        await within(limits.drainSeconds * 1000, hub.given())
        await new Promise((resolve) => setImmediate(resolve))
        station.holds.answerAll()
        await connections.sendAllAway(limits.drainSeconds * 1000)
        // Those who do not take their leave are cut.
        await within(lastWordMs, stopped)
        await server.stop(true)
        wheel.stop()
        slowReaders.stop()
        operation.stop()
        await hub.engine.close()
        events.stopped()
      })()
      return closing
    },
  }
}

/** Time for close frames and the ends of streams to reach who still reads. */
const lastWordMs = 500

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

/** Waits for the work, but no longer than `ms`; leaves no timer behind that would keep the process. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function checkSize(payload: Payload, limits: Limits): void {
  if (payload.bytes <= limits.messageBytesMax) return
  throw new LabaError(
    "too_large",
    `A message has at most ${limits.messageBytesMax} bytes; this one has ${payload.bytes}.`,
  )
}

const factsOf = ({ request, path }: Ask): RequestFacts => ({ method: request.method, path })

function urlOf(scheme: "http" | "https", host: string, port: number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`
}

/** Six characters name a run of a node: it is part of every connection's and message's id. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6))
  let name = ""
  for (const byte of bytes) name += "0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36]
  return name
}
