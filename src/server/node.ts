// The parts of a node, made in the order in which they need each other. Nothing listens yet: serve.ts gives them an address.
import type { Limits } from "../../wire/limits.ts"
import { randomName } from "../../wire/random-name.ts"
import { CurrentRules } from "../channels/current-rules.ts"
import { PresenceRegistry } from "../cluster/presence/presence-registry.ts"
import type { Config } from "../config/config.ts"
import { Application } from "../hooks/application.ts"
import type { Hooks } from "../hooks/hooks.ts"
import type { ShutdownState } from "../http/api-context.ts"
import type { BackendContext } from "../http/backend/backend.ts"
import { SockJsContext } from "../http/sockjs/sockjs-context.ts"
import { InFlight } from "../http/in-flight.ts"
import { makeNodeMethods } from "./cluster/node-methods.ts"
import { Drafts } from "../hub/drafts.ts"
import { NodeHub } from "../hub/node-hub.ts"
import { Counters } from "../telemetry/counters.ts"
import type { Events } from "../telemetry/events.ts"
import { Connections } from "../transports/connections/connections.ts"
import { HeldPolls } from "../transports/poll/held-polls.ts"
import { SlowReaders } from "../transports/slow-readers.ts"
import type { TransportContext } from "../transports/transport-context.ts"
import { TimerWheel } from "../transports/timer-wheel.ts"
import type { ServerHandle } from "../transports/websocket/socket-group.ts"
import { makeSocketKinds } from "../transports/websocket/socket-kinds.ts"
import { canaryChannel } from "./cluster/canary.ts"
import { makeClientPublish } from "./publishing/client-publish.ts"
import { type Cluster, makeCluster } from "./cluster/cluster.ts"
import { connectionReports, reportSlow } from "./connection-reports.ts"
import { makeEngine, type NodeEngine, closeOnErrorSync } from "./engines.ts"
import { makeRemoteHooks } from "./hooks/make-remote-hooks.ts"
import { makeAccess } from "./make-access.ts"
import { makeIngests } from "./ingests.ts"
import type { RunningIngests } from "../ingest/running-ingests.ts"
import { Reloader, type ReloaderOptions } from "./running/reload.ts"
import { makeStompContext } from "./stomp-context.ts"
import { StompPort } from "./stomp-port.ts"
import { makeServerPublish, type ServerPublish } from "./publishing/server-publish.ts"
import { makeWatches, type Watches } from "./watches.ts"

interface NodeOptions {
  readonly config: Config
  readonly hooks: Hooks
  readonly events: Events
  /** Reads the configuration again; null where there is nothing to read. */
  readonly source: ReloaderOptions["read"]
}

/** What endpoints and transports work with, and what only whoever starts and ends the node needs. */
export interface Node extends BackendContext {
  readonly hub: NodeHub<NodeEngine>
  readonly engine: NodeEngine
  readonly events: Events
  readonly cluster: Cluster
  readonly watches: Watches
  readonly ingests: RunningIngests
  readonly serverHandle: ServerHandle
  readonly stompPort: StompPort
  readonly inFlight: InFlight
  readonly publishAsServer: ServerPublish
}

/** Throws `engine_unavailable` when what is stored on cannot be used. */
export function makeNode({ config, hooks, events, source }: NodeOptions): Node {
  // What all others use. `run` is part of every connection's and message's id. A reload writes limits and rules anew: who needs
  // one reads it when it is needed.
  const run = randomName(6)
  const limits: Limits = { ...config.limits }
  const rules = new CurrentRules(config.rules)
  const counters = new Counters()
  const wheel = new TimerWheel()
  const inFlight = new InFlight()
  const shutdown: ShutdownState = { leaving: false, draining: false }
  // Bun's server needs the endpoints, and they publish by it: it comes into its handle last.
  const serverHandle: ServerHandle = { server: null }

  // Who is here, who may come, and how many.
  const connections = new Connections(run)
  const heldPolls = new HeldPolls(limits)
  const { access, admission, revocations, rightsReview } = makeAccess({
    config,
    limits,
    connections,
    heldPolls,
    wheel,
    events,
  })

  // The way of a message. An engine delivers to the hub that publishes to it, so the hub has it made.
  const hub = new NodeHub({
    engine: (subscriber) =>
      makeEngine(config.engine, subscriber, { limits, leaseMs: config.node.leaseMs, counters, events }),
    ruleFor: (channel) => rules.for(channel),
    limits,
    counters,
    onSlow: (channel, kind) => events.slowReaderClosed({ channel, kind }),
  })
  const { engine } = hub
  const drafts = new Drafts(run)
  const publishAsServer = makeServerPublish({ hub, drafts, limits, access })

  // The application's say, and what it is told.
  const remote = closeOnErrorSync(engine, () =>
    makeRemoteHooks({ config, node: run, engine, publishAsServer, connections, counters, events }),
  )
  const application = new Application({
    hooks,
    remote,
    onError(hook, error) {
      counters.hooksFailed++
      events.hookFailed(hook, error)
    },
  })
  const canary = canaryChannel(run)
  hub.onOccupancy = (kind, channel) => {
    // The node's own channel is nobody's.
    if (channel !== canary) application[kind](channel)
  }

  // The other nodes, and who is on them.
  const sockjs = new SockJsContext(config.sockjs)
  const ingests = makeIngests({
    ...{ run, hub, engine, drafts, limits, events },
    node: config.node.name,
    checkName: (channel) => access.checkName(channel),
    nodes: () => cluster.nodes,
    leaseMs: config.node.leaseMs,
  })
  const methods = makeNodeMethods({ connections, heldPolls, limits, hub, sockjs, ingests })
  const cluster = makeCluster({ config, run, engine, hub, connections, revocations, events, methods })
  const presence = new PresenceRegistry({
    node: run,
    exchange: cluster.exchange,
    keeps: (channel) => rules.keepsPresence(channel),
  })
  const watches = makeWatches({
    engine,
    leaseMs: config.node.leaseMs,
    keepOf: (channel) => rules.for(channel).keep,
    hub,
    drafts,
    events,
    counters,
  })

  // What transports and endpoints do.
  const slowReaders = new SlowReaders({
    outboxBytesMax: limits.outboxBytesMax,
    onEnd(reader) {
      counters.slowClosed++
      reportSlow(events, reader)
    },
  })
  const clientPublish = makeClientPublish({
    hub,
    drafts,
    application,
    connections,
    limits,
    access,
    admission,
    inFlight,
  })
  const context: TransportContext = {
    ...{ hub, wheel, slowReaders, connections, presence, limits, counters, access, admission },
    ...clientPublish,
    ...connectionReports({ application, connections, counters, events }),
    setTimeout: (request, seconds) => serverHandle.server?.timeout(request, seconds),
  }

  const stomp = makeStompContext({ context, application, paths: config.stomp.paths })
  const stompPort = new StompPort(events)
  const reloader = new Reloader({
    config,
    read: source,
    counters,
    events,
    use(next) {
      Object.assign(limits, next.limits)
      rules.use(next.rules)
      const before = access.configure(next)
      admission.configure(limits)
      hub.rulesChanged()
      presence.rulesChanged()
      watches.configure(next.watch)
      ingests.configure(next.ingest)
      stomp.paths = new Set(next.stomp.paths)
      sockjs.config = next.sockjs
      rightsReview.rulesChanged(before)
      return stompPort.configure(next.stomp)
    },
  })

  return {
    ...context,
    ...{ events, inFlight, shutdown, serverHandle, heldPolls, access, revocations, hub, engine, drafts },
    ...{ publishAsServer, application, cluster, watches, ingests, reloader },
    nodes: cluster.nodes,
    socketKinds: makeSocketKinds(serverHandle, slowReaders),
    stomp,
    stompPort,
    sockjs,
    onProbe: (path) => events.channelProbed(path),
    onSockJsMissed: (path) => events.sockJsMissed(path),
    onStompMissed: (path) => events.stompMissed(path),
  }
}
