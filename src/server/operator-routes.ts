// What is for whoever runs a node: health, metrics and the backend API, put together from the node's parts.
import type { Channel } from "../channels/channel.ts"
import {
  authenticateByKeys,
  authenticateByRunKey,
  authenticateLocal,
} from "../http/backend/authentication.ts"
import type { Authenticate } from "../http/backend/backend.ts"
import { backendPrefix, makeBackend } from "../http/backend/backend-router.ts"
import { live, Readiness, ready } from "../http/monitoring/health.ts"
import { metricsPage } from "../http/monitoring/metrics.ts"
import type { Methods } from "../http/endpoint.ts"
import type { PrefixRoutes } from "../http/router.ts"
import { LoopLag } from "../telemetry/loop-lag.ts"
import { Metrics } from "../telemetry/metrics.ts"
import type { Node } from "./node.ts"
import type { MachineFacts } from "./start/start-warnings.ts"

interface OperatorRoutesOptions {
  readonly version: string
  readonly machine: MachineFacts
  /** What the backend API takes where anybody may come and no key is configured. */
  readonly runKey: string
}

export interface OperatorRoutes {
  readonly addresses: ReadonlyMap<string, Methods>
  readonly backend: PrefixRoutes
  stop(): void
}

/** Where the engine is asked whether it answers. Nobody publishes there. */
const probeChannel = "/_/ready" as Channel

export function makeOperatorRoutes(
  node: Node,
  { version, machine, runKey }: OperatorRoutesOptions,
): OperatorRoutes {
  const { hub, engine, connections, nodes, cluster, events, shutdown } = node
  const lag = new LoopLag()
  const readiness = new Readiness({
    leaving: () => shutdown.leaving,
    isDeaf: () => cluster.isDeaf,
    isSourceAway: () => !node.ingests.isReady,
    probe: () => engine.probe?.() ?? hub.state(probeChannel),
    onUnavailable: (error) => events.engineUnavailable(error),
  })
  const metrics = new Metrics({
    version,
    counters: node.counters,
    lag,
    connections: () => connections.counts,
    connectsDelayed: () => node.admission.delayed,
    heldPolls: () => node.heldPolls.size,
    listenedChannels: () => cluster.listenedChannels,
    ringBytes: () => hub.ringBytes,
    unacknowledged: node.stomp.unacknowledged,
    users: () => connections.users,
    nodes: () => nodes.list.length,
    clockOffsetMs: () => nodes.list.find(({ run }) => run === nodes.self)?.clockOffsetMs ?? null,
    engine: () => engine.figures,
    hooks: () => node.application.remote?.routes.figures ?? { pending: 0, away: 0 },
    ingests: () => node.ingests.figures,
    ready: () => readiness.isReady,
    residentBytes: () => process.memoryUsage.rss(),
    descriptorsMax: machine.descriptorsMax,
  })
  const authenticate = authenticateFor(node, runKey)
  const reading = (endpoint: Methods[string]): Methods => ({ GET: endpoint, HEAD: endpoint })
  return {
    addresses: new Map([
      ["/_/live", reading(live)],
      ["/_/ready", reading(ready(readiness))],
      ["/_/metrics", reading(metricsPage({ metrics, readiness, authenticate }))],
    ]),
    backend: { prefix: backendPrefix, methodsOf: makeBackend(node, authenticate) },
    stop: () => lag.stop(),
  }
}

/** By the configuration as it is when somebody calls. */
function authenticateFor({ access }: Node, runKey: string): Authenticate {
  const byKeys = authenticateByKeys(access)
  const byRunKey = authenticateByRunKey(runKey)
  return (request) => {
    if (access.hasCredentials) return byKeys(request)
    return access.isOpen ? byRunKey(request) : authenticateLocal(request)
  }
}
