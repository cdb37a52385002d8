// A node's place among others: alone with an engine of this process, or joined to them by the engine's Redis.
import { version } from "../../package.json" with { type: "json" }
import type { Revocations } from "../access/credentials/revocations.ts"
import type { Station } from "../http/api-request.ts"
import { makeNodeMethods } from "../http/node-methods.ts"
import type { Channel } from "../channels/channel.ts"
import type { Config } from "../config/config.ts"
import type { RedisClient } from "../redis/redis-client.ts"
import { RedisEngine } from "../engines/redis/redis-engine.ts"
import type { NodeHub } from "../hub/node-hub.ts"
import { ClockOffset } from "../cluster/clock-offset.ts"
import { SingleNode } from "../cluster/single-node.ts"
import { callAddress } from "../cluster/node-address.ts"
import type { NodeInfo, Nodes, NodeMethods, Revocation } from "../cluster/nodes.ts"
import type { PresenceExchange } from "../cluster/presence/presence-exchange.ts"
import { RedisNodes } from "../cluster/redis/redis-nodes.ts"
import { RedisPresenceExchange } from "../cluster/redis/presence-exchange.ts"
import type { Events } from "../telemetry/events.ts"
import type { Connections } from "../transports/connections/connections.ts"
import { Canary, canaryChannel } from "./canary.ts"
import type { NodeEngine } from "./engines.ts"

interface ClusterOptions {
  readonly config: Config
  /** Names this run of the node. */
  readonly run: string
  readonly engine: NodeEngine
  readonly hub: NodeHub
  readonly connections: Connections
  readonly revocations: Revocations
  readonly events: Events
  readonly station: () => Station
}

export interface Cluster {
  readonly nodes: Nodes
  /** Null where there are no other nodes to tell. */
  readonly exchange: PresenceExchange | null
  readonly isDeaf: boolean
  /** Channels that somebody else than the node itself listens to here. */
  readonly channelsHeard: number
  /** The node listens at this port: from now on others know it. */
  begin(port: number): Promise<void>
  stop(): Promise<void>
}

export function makeCluster(options: ClusterOptions): Cluster {
  const { config, run, engine, hub, connections } = options
  const startedAt = Date.now()
  const clock = new ClockOffset((offsetMs, isOff) => options.events.clockOffset(offsetMs, isOff))
  let made: Cluster | null = null
  const channelsHeard = (): number => made?.channelsHeard ?? hub.listenedChannels
  const scheme = config.tls ? "https" : "http"
  let address = ""
  const info = (): NodeInfo => ({
    run,
    name: config.node.name ?? `node-${run}`,
    address,
    startedAt,
    version,
    clockOffsetMs: clock.offsetMs,
    load: {
      connections: connections.size,
      users: connections.users,
      channels: channelsHeard(),
      residentBytes: process.memoryUsage.rss(),
    },
  })
  const methods = makeNodeMethods({
    station: options.station,
    listenersOf: (channel: Channel) => hub.listenersOf(channel),
  })
  const setPort = (port: number): void => {
    address = callAddress(config.node.advertise, { scheme, host: config.listen.host, port })
  }
  if (engine instanceof RedisEngine) {
    made = joined(options, { info, methods, setPort, clock, redis: engine.redis })
  }
  return (
    made ?? {
      nodes: new SingleNode({ info, methods, hasUser: (user) => connections.countOfUser(user) > 0 }),
      exchange: null,
      isDeaf: false,
      get channelsHeard() {
        return hub.listenedChannels
      },
      begin: async (port) => setPort(port),
      stop: async () => undefined,
    }
  )
}

interface Joining {
  readonly info: () => NodeInfo
  readonly methods: NodeMethods
  readonly setPort: (port: number) => void
  readonly clock: ClockOffset
  readonly redis: RedisClient
}

function joined(
  { config, run, engine, hub, connections, revocations, events }: ClusterOptions,
  { info, methods, setPort, clock, redis }: Joining,
): Cluster {
  const nodes = new RedisNodes({
    redis,
    leaseMs: config.node.leaseMs,
    info,
    methods,
    connectionsOf: (user) => connections.countOfUser(user),
    users: () => connections.userNames(),
    lifetimeMaxMs: () => revocations.lifetimeMaxMs(),
    revocations: () => revocations.all(),
    onClock: (reading) => clock.take(reading),
    applyRevocation: (revocation) => take(revocations, revocation),
  })
  const presence = new RedisPresenceExchange({ redis, self: run, others: () => nodes.others })
  connections.onUser = (user) => nodes.userChanged(user)
  let canary: Canary | null = null
  return {
    nodes,
    exchange: presence,
    get isDeaf() {
      return canary?.isDeaf ?? false
    },
    get channelsHeard() {
      return hub.listenedChannels - (canary?.isListening ? 1 : 0)
    },
    async begin(port) {
      setPort(port)
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

function take(revocations: Revocations, revocation: Revocation): void {
  if ("token" in revocation) revocations.revokeToken(revocation.token, revocation.expiresAtSeconds)
  else revocations.revokeUser(revocation.user, revocation.atMs)
}
