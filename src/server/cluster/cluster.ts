// A node's place among others: alone with an engine of this process, or joined to them by the engine's Redis.
import { version } from "../../../package.json" with { type: "json" }
import type { Revocations } from "../../access/credentials/revocations.ts"
import type { Config } from "../../config/config.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import { RedisEngine } from "../../engines/redis/redis-engine.ts"
import type { NodeHub } from "../../hub/node-hub.ts"
import { ClockOffset } from "../../cluster/clock-offset.ts"
import { SingleNode } from "../../cluster/single-node.ts"
import { callAddress } from "../../cluster/node-address.ts"
import type { NodeInfo, Nodes, NodeMethods } from "../../cluster/nodes.ts"
import type { PresenceExchange } from "../../cluster/presence/presence-exchange.ts"
import { RedisNodes } from "../../cluster/redis/redis-nodes.ts"
import { RedisPresenceExchange } from "../../cluster/redis/presence-exchange.ts"
import type { Events } from "../../telemetry/events.ts"
import type { Connections } from "../../transports/connections/connections.ts"
import { Canary, canaryChannel } from "./canary.ts"
import type { NodeEngine } from "../engines.ts"

interface ClusterOptions {
  readonly config: Config
  /** Names this run of the node. */
  readonly run: string
  readonly engine: NodeEngine
  readonly hub: NodeHub
  readonly connections: Connections
  readonly revocations: Revocations
  readonly events: Events
  /** What other nodes may call here. */
  readonly methods: NodeMethods
}

export interface Cluster {
  readonly nodes: Nodes
  /** Null where there are no other nodes to tell. */
  readonly exchange: PresenceExchange | null
  readonly isDeaf: boolean
  /** Channels that somebody else than the node itself listens to here. */
  readonly listenedChannels: number
  /** The node listens at this port: from now on others know it. */
  begin(port: number): Promise<void>
  stop(): Promise<void>
}

export function makeCluster(options: ClusterOptions): Cluster {
  const { engine } = options
  return engine instanceof RedisEngine ? joined(options, engine.redis) : alone(options)
}

/** What a node says of itself. */
class OwnInfo {
  private address = ""
  private readonly startedAt = Date.now()
  private readonly options: ClusterOptions

  constructor(options: ClusterOptions) {
    this.options = options
  }

  listensAt(port: number): void {
    const { node, tls, listen } = this.options.config
    const scheme = tls ? "https" : "http"
    this.address = callAddress(node.advertise, { scheme, host: listen.host, port })
  }

  now(channels: number, clockOffsetMs: number | null): NodeInfo {
    const { run, config, connections } = this.options
    return {
      run,
      name: config.node.name ?? `node-${run}`,
      address: this.address,
      startedAt: this.startedAt,
      version,
      clockOffsetMs,
      load: {
        connections: connections.size,
        users: connections.users,
        channels,
        residentBytes: process.memoryUsage.rss(),
      },
    }
  }
}

function alone(options: ClusterOptions): Cluster {
  const { hub, connections, methods } = options
  const own = new OwnInfo(options)
  return {
    nodes: new SingleNode({
      info: () => own.now(hub.listenedChannels, null),
      methods,
      users: connections,
    }),
    exchange: null,
    isDeaf: false,
    get listenedChannels() {
      return hub.listenedChannels
    },
    begin: async (port) => own.listensAt(port),
    stop: async () => undefined,
  }
}

function joined(options: ClusterOptions, redis: RedisClient): Cluster {
  const { config, run, engine, hub, connections, revocations, events, methods } = options
  const own = new OwnInfo(options)
  const clock = new ClockOffset((offsetMs, isOff) => events.clockOffset(offsetMs, isOff))
  let canary: Canary | null = null
  const listenedChannels = (): number => hub.listenedChannels - (canary?.isListening ? 1 : 0)
  const nodes = new RedisNodes({
    redis,
    leaseMs: config.node.leaseMs,
    info: () => own.now(listenedChannels(), clock.offsetMs),
    methods,
    users: connections,
    revocations,
    onClock: (reading) => clock.take(reading),
  })
  const presence = new RedisPresenceExchange({ redis, self: run, others: () => nodes.others })
  connections.onUser = (user) => nodes.userChanged(user)
  return {
    nodes,
    exchange: presence,
    get isDeaf() {
      return canary?.isDeaf ?? false
    },
    get listenedChannels() {
      return listenedChannels()
    },
    async begin(port) {
      own.listensAt(port)
      const channel = canaryChannel(run)
      canary = new Canary({ channel, hub, engine, onChange: (isDeaf) => events.deaf(isDeaf) })
      await nodes.begin({
        nodeJoined(other) {
          events.nodeChanged("came", other)
          presence.nodeJoined(other)
        },
        nodeLeft(other) {
          events.nodeChanged("gone", other)
          presence.nodeLeft(other)
        },
        stateLost: () => presence.stateLost(),
        renewed: () => presence.renewed(),
      })
    },
    async stop() {
      canary?.stop()
      connections.onUser = null
      presence.stop()
      await nodes.stop()
    },
  }
}
