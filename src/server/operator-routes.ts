// What is for whoever runs a node: health, metrics, the backend API and the reload, put together from the node's parts.
import type { Station } from "../http/api-request.ts"
import { admitThisMachine } from "../http/backend/authentication.ts"
import type { Admit, Desk, Revoker } from "../http/backend/backend.ts"
import { backendPrefix, makeBackend } from "../http/backend/backend-router.ts"
import { live, Readiness, ready } from "../http/health.ts"
import { metricsPage } from "../http/metrics.ts"
import type { Channel } from "../channels/channel.ts"
import type { Inventory } from "../engines/inventory.ts"
import type { NodeEngine } from "./engines.ts"
import type { NodeHub } from "../hub/node-hub.ts"
import type { Events } from "../telemetry/events.ts"
import { LoopLag } from "../telemetry/loop-lag.ts"
import { Metrics } from "../telemetry/metrics.ts"
import type { Reloader } from "./running/reload.ts"
import type { Area, Methods } from "../http/router.ts"
import type { MachineFacts } from "./start/start-warnings.ts"

interface OperationOptions {
  readonly version: string
  readonly station: Station
  readonly hub: NodeHub
  readonly inventory: Pick<NodeEngine, keyof Inventory | "probe">
  readonly reloader: Reloader
  readonly events: Events
  readonly machine: MachineFacts
  /** The node is about to go away. */
  readonly leaving: () => boolean
  /** Channels that somebody listens to here. */
  readonly channelsHeard: () => number
  /** The node does not hear its engine. */
  readonly isDeaf: () => boolean
  /** Who may call the backend API. Default: programs on this machine. */
  readonly admit?: Admit
  readonly revoker?: () => Revoker | null
}

export interface Operation {
  readonly addresses: ReadonlyMap<string, Methods>
  readonly area: Area
  stop(): void
}

/** Where the engine is asked whether it answers. Nobody publishes there. */
const probeChannel = "/_/ready" as Channel

export function makeOperation(options: OperationOptions): Operation {
  const { station, hub, inventory, reloader, events, admit = admitThisMachine } = options
  const { connections, counters } = station.shared
  const lag = new LoopLag()
  const readiness = new Readiness({
    leaving: options.leaving,
    isDeaf: options.isDeaf,
    probe: () => inventory.probe?.() ?? hub.state(probeChannel),
    onUnavailable: (error) => events.engineUnavailable(error),
  })
  const metrics = new Metrics({
    version: options.version,
    counters,
    lag,
    connections: () => connections.counts,
    connectsDelayed: () => station.admission.delayed,
    heldPolls: () => station.holds.size,
    listenedChannels: options.channelsHeard,
    ringBytes: () => hub.ringBytes,
    users: () => connections.users,
    nodes: () => station.nodes.list.length,
    clockOffsetMs: () =>
      station.nodes.list.find(({ run }) => run === station.nodes.self)?.clockOffsetMs ?? null,
    engine: () => inventory.figures,
    hooks: () => station.application.remote?.routes.figures ?? { pending: 0, away: 0 },
    ready: () => readiness.isReady,
    residentBytes: () => process.memoryUsage.rss(),
    descriptorsMax: options.machine.descriptorsMax,
  })
  const desk: Desk = {
    station,
    inventory,
    listenersOf: (channel) => hub.listenersOf(channel),
    revoker: options.revoker ?? (() => null),
    reload: (dry) => reloader.reload(dry),
  }
  const reading = (endpoint: Methods[string]): Methods => ({ GET: endpoint, HEAD: endpoint })
  return {
    addresses: new Map([
      ["/_/live", reading(live)],
      ["/_/ready", reading(ready(readiness))],
      ["/_/metrics", reading(metricsPage({ metrics, readiness, admit }))],
    ]),
    area: { prefix: backendPrefix, methodsOf: makeBackend({ desk, admit }) },
    stop: () => lag.stop(),
  }
}
