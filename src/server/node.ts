// The parts of a node, made of its config and wired to each other. Nothing listens yet; nothing here knows HTTP.
import type { Limits } from "../../wire/limits.ts"
import { randomName } from "../../wire/random-name.ts"
import type { AdmissionControl } from "../access/limits/admission-control.ts"
import type { AccessControl } from "../access/access-control.ts"
import { senderOf } from "../hooks/remote/delivery/fair-queue.ts"
import type { Revocations } from "../access/credentials/revocations.ts"
import type { Station } from "../http/api-request.ts"
import type { Config } from "../config/config.ts"
import { Application } from "../hooks/application.ts"
import type { Hooks } from "../hooks/hooks.ts"
import { Drafts } from "../hub/drafts.ts"
import { NodeHub } from "../hub/node-hub.ts"
import { Counters } from "../telemetry/counters.ts"
import { PresenceRegistry } from "../cluster/presence/presence-registry.ts"
import type { Presence } from "../cluster/presence/presence.ts"
import type { Events } from "../telemetry/events.ts"
import { Connections } from "../transports/connections/connections.ts"
import { HeldPolls } from "../transports/poll/held-polls.ts"
import type { TransportContext } from "../transports/transport-context.ts"
import { type Reader, SlowReaders } from "../transports/slow-readers.ts"
import { TimerWheel } from "../transports/timer-wheel.ts"
import type { ServerHandle } from "../transports/websocket/socket-group.ts"
import { makeSocketKinds } from "../transports/websocket/socket-kinds.ts"
import { makeAccess } from "./make-access.ts"
import { canaryChannel } from "./canary.ts"
import { makePublishFor } from "./client-publish.ts"
import { type Cluster, makeCluster } from "./cluster.ts"
import { makeEngine, type NodeEngine, orCloseNow } from "./engines.ts"
import { makeRemoteHooks } from "./hooks/remote-hooks.ts"
import { Reloader, type ReloaderOptions } from "./running/reload.ts"
import { makeStompContext } from "./stomp-context.ts"
import { makeWatches, type Watches } from "./watches.ts"
import { InFlight } from "../http/in-flight.ts"
import type { Leave } from "./running/shutdown.ts"

interface PartsOptions {
  readonly config: Config
  readonly hooks: Hooks
  readonly events: Events
  /** Reads the configuration again; null where there is nothing to read. */
  readonly source: ReloaderOptions["read"]
}

export interface Parts {
  /** Shared by all parts and written anew by a reload: who reads a limit reads it when it is needed. */
  readonly limits: Limits
  readonly counters: Counters
  readonly events: Events
  readonly hub: NodeHub
  readonly engine: NodeEngine
  readonly connections: Connections
  readonly presence: Presence
  readonly cluster: Cluster
  readonly drafts: Drafts
  readonly wheel: TimerWheel
  readonly slowReaders: SlowReaders
  readonly access: AccessControl
  readonly admissions: AdmissionControl
  readonly revocations: Revocations
  readonly reloader: Reloader
  readonly watches: Watches
  readonly station: Station
  /** The server to publish with, once there is one. */
  readonly publisher: ServerHandle
  readonly leave: Leave
  readonly inFlight: InFlight
}

export function makeParts({ config, hooks, events, source }: PartsOptions): Parts {
  const limits: Limits = { ...config.limits }
  // It is part of every connection's and message's id.
  const node = randomName(6)
  const canary = canaryChannel(node)
  const counters = new Counters()
  const connections = new Connections(node)
  const heldPolls = new HeldPolls(limits)
  const wheel = new TimerWheel()
  const {
    access,
    admissions: admission,
    revocations,
    rightsReview,
  } = makeAccess({
    config,
    limits,
    connections,
    holds: heldPolls,
    wheel,
    events,
  })
  let engine!: NodeEngine
  const hub = new NodeHub({
    engine: (ear) => {
      engine = makeEngine(config.engine, ear, {
        limits,
        leaseMs: config.node.leaseMs,
        onTrim(channel) {
          counters.historyTrimmed++
          events.historyTrimmed(channel)
        },
        onTrouble: (says) => events.engineTrouble(says),
      })
      return engine
    },
    ruleFor: (channel) => reloader.current.rules.for(channel),
    limits,
    counters,
    onSlow: (channel, kind) => events.slowReaderClosed({ channel, kind }),
  })
  const use = (next: Config): void => {
    Object.assign(limits, next.limits)
    const before = access.configure(next)
    admission.configure(limits)
    hub.rulesChanged()
    presence.rulesChanged()
    watches.configure(next.watch)
    rightsReview.rulesChanged(before)
  }
  const reloader = new Reloader({ config, read: source, use, counters, events })
  const cluster = makeCluster({
    config,
    run: node,
    engine,
    hub,
    connections,
    revocations,
    events,
    station: () => station,
  })
  const presence = new PresenceRegistry({
    node,
    exchange: cluster.exchange,
    keeps: (channel) =>
      reloader.current.rules.keepPresence && reloader.current.rules.for(channel).presence === true,
  })
  const tellSlow = ({ channels, transport }: Pick<Reader, "channels" | "transport">) =>
    events.slowReaderClosed({ channel: channels.join(" "), kind: transport })
  const slowReaders = new SlowReaders({
    outboxBytesMax: limits.outboxBytesMax,
    onEnd(reader) {
      counters.slowClosed++
      tellSlow(reader)
    },
  })
  const drafts = new Drafts(node)
  const held = { close: () => cluster.stop().then(() => engine.close()) }
  const remoteHooks = orCloseNow(held, () =>
    makeRemoteHooks({ config, node, engine, hub, drafts, connections, limits, counters, events }),
  )
  const application = new Application({
    hooks,
    remote: remoteHooks,
    onError(hook, error) {
      counters.hooksFailed++
      events.hookFailed(hook, error)
    },
  })
  hub.onOccupancy = (kind, channel) => {
    // The node's own channel is nobody's.
    if (channel !== canary) application[kind](channel)
  }
  const watches = makeWatches({
    engine,
    leaseMs: config.node.leaseMs,
    keepOf: (channel) => reloader.current.rules.for(channel).keep,
    hub,
    drafts,
    events,
    counters,
  })
  const publisher: ServerHandle = { server: null }
  const inFlight = new InFlight()
  const leave: Leave = { leaving: false, draining: false }
  const shared: TransportContext = {
    hub,
    wheel,
    slowReaders,
    connections,
    presence,
    limits,
    counters,
    setTimeout: (request, seconds) => publisher.server?.timeout(request, seconds),
    access,
    admission: admission,
    publishFor: makePublishFor({
      hub,
      drafts,
      application,
      connections,
      limits,
      access,
      admissions: admission,
      inFlight,
    }),
    askToSubscribe: ({ number, transport, user, client }, channel) =>
      application.subscribe(
        () => ({
          connection: connections.idOf(number),
          transport,
          user,
          sender: senderOf(user, client.addressGroup),
        }),
        channel,
      ),
    reportFailure: ({ transport, protocol }, error) =>
      events.connectionFailed({ transport, protocol }, error),
    reportSlowCut(connection) {
      counters.slowCut++
      tellSlow(connection)
    },
    reportGone(connection, code, reason) {
      if (!application.tellsOnDisconnect) return
      const { transport, user, number } = connection
      void application.disconnected({ connection: connections.idOf(number), transport, user, code, reason })
    },
  }
  const station: Station = {
    shared,
    access,
    admission: admission,
    drafts,
    application,
    holds: heldPolls,
    nodes: cluster.nodes,
    socketKinds: makeSocketKinds(publisher, slowReaders),
    stomp: makeStompContext({ context: shared, counters }),
    onProbe: (path) => events.channelProbed(path),
    get draining() {
      return leave.draining
    },
  }
  const watched = {
    presence,
    cluster,
    limits,
    counters,
    events,
    hub,
    engine,
    connections,
    drafts,
    wheel,
    slowReaders,
  }
  return {
    ...watched,
    access,
    admissions: admission,
    revocations,
    reloader,
    watches,
    station,
    publisher,
    leave,
    inFlight,
  }
}
