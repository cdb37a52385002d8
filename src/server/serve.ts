// Puts the parts together: one node from a config. The only file that names concrete engines, transports and pages.
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Ask, Station } from "../api/ask.ts"
import { answerOf, idempotencyOf, type PublishAnswer } from "../api/publish.ts"
import { parseChannel } from "../channels/name.ts"
import { type ConfigInput, parseConfig } from "../config/config.ts"
import { MemoryEngine } from "../engines/memory/memory.ts"
import { Application } from "../hooks/application.ts"
import type { Hooks } from "../hooks/hooks.ts"
import { Drafts, type Payload } from "../hub/drafts.ts"
import { NodeHub } from "../hub/node-hub.ts"
import { checkKey } from "../protocols/laba.ts"
import { Counters } from "../telemetry/counters.ts"
import { startBunServer } from "../transports/bun-server.ts"
import { Connections } from "../transports/connections.ts"
import { Holds } from "../transports/poll/hold.ts"
import type { Shared } from "../transports/shared.ts"
import { SlowReaders } from "../transports/slow-readers.ts"
import { TimerWheel } from "../transports/timer-wheel.ts"
import type { Publisher } from "../transports/websocket/socket-group.ts"
import { makeSocketKinds } from "../transports/websocket/socket-kinds.ts"
import { makePublishFor } from "./client-publish.ts"
import { version } from "../../package.json" with { type: "json" }
import { pages } from "./pages.ts"
import { payloadFrom, type PublishData } from "./payload.ts"
import { Router } from "./router.ts"

/** The config file's shape, and the application's hooks. */
export interface ServeOptions extends ConfigInput, Hooks {
  /** Told what went wrong inside, a line each. Default: standard error. */
  readonly log?: (line: string) => void
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
  /** Stops accepting, sends every listener away over `limits.drainSeconds`, and ends. Idempotent. */
  close(): Promise<void>
}

/** Starts a server. Throws `ConfigError` when the options are wrong, and what the system says when the port is taken. */
export async function serve(options: ServeOptions = {}): Promise<Laba> {
  const {
    onConnect,
    onMessage,
    onDisconnect,
    log = (line: string) => console.error(line),
    ...input
  } = options
  const config = parseConfig(input)
  const { limits, rules } = config
  const node = randomName()
  const counters = new Counters()
  const hub = new NodeHub({
    engine: (events) => new MemoryEngine(events, { limits, onTrim: () => counters.historyTrimmed++ }),
    ruleFor: (channel) => rules.for(channel),
    limits,
    counters,
  })
  const hooks: Hooks = {
    ...(onConnect && { onConnect }),
    ...(onMessage && { onMessage }),
    ...(onDisconnect && { onDisconnect }),
  }
  const application = new Application(hooks, (hook, error) => log(`laba: ${hook} failed: ${describe(error)}`))
  const connections = new Connections(node)
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
    publishFor: makePublishFor({ hub, drafts, application, connections, limits }),
    gone(connection, code, reason) {
      if (!application.tellsOnDisconnect) return
      const { transport, user, number } = connection
      void application.disconnected({ connection: connections.idOf(number), transport, user, code, reason })
    },
  }
  const drain = { draining: false }
  const station: Station = {
    shared,
    drafts,
    application,
    holds: new Holds(limits.pollsWaitingMax),
    socketKinds: makeSocketKinds(publisher, slowReaders),
    get draining() {
      return drain.draining
    },
  }
  let address = ""
  const router = new Router({
    station,
    open: config.open,
    pages: pages({ version, address: () => address }),
    onFailure: (error: unknown, ask: Ask) =>
      log(`laba: ${ask.request.method} ${ask.path.slice(0, 200)} failed: ${describe(error)}`),
  })
  const server = startBunServer({
    hostname: config.listen.host,
    port: config.listen.port,
    limits,
    handle: (request, bun) => router.handle(request, bun),
  })
  publisher.server = server
  address = urlOf(config.listen.host, server.port as number)
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
    close() {
      closing ??= (async () => {
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
        await hub.engine.close()
      })()
      return closing
    },
  }
}

/** Time for close frames and the ends of streams to reach who still reads. */
const lastWordMs = 500

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

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
}

/** Six characters name a run of a node: it is part of every connection's and message's id. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6))
  let name = ""
  for (const byte of bytes) name += "0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36]
  return name
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
