// A node's place among others: alone with an engine of this process, or joined to them by the engine's Redis.
import { version } from "../../package.json" with { type: "json" }
import type { Revocations } from "../access/credentials/revocations.ts"
import type { Station } from "../http/api-request.ts"
import { makeOrders } from "../http/node-methods.ts"
import type { Channel } from "../channels/channel.ts"
import type { Config } from "../config/config.ts"
import type { Link } from "../engines/redis/link.ts"
import { RedisEngine } from "../engines/redis/redis.ts"
import type { NodeHub } from "../hub/node-hub.ts"
import { ClockOffset } from "../nodes/clock-offset.ts"
import { LoneNode } from "../nodes/lone-node.ts"
import { callAddress } from "../nodes/node-address.ts"
import type { NodeEntry, Nodes, Orders, Revocation } from "../nodes/nodes.ts"
import type { PresenceExchange } from "../nodes/presence/exchange.ts"
import { RedisNodes } from "../nodes/redis/redis-nodes.ts"
import { RedisPresence } from "../nodes/redis/presence-exchange.ts"
import type { Events } from "../telemetry/events.ts"
import type { Connections } from "../transports/connections.ts"
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
  const channelsHeard = (): number => made?.channelsHeard ?? hub.channelsHeard
  const scheme = config.tls ? "https" : "http"
  let address = ""
  const entry = (): NodeEntry => ({
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
  const orders = makeOrders({
    station: options.station,
    listenersOf: (channel: Channel) => hub.listenersOf(channel),
  })
  const setPort = (port: number): void => {
    address = callAddress(config.node.advertise, { scheme, host: config.listen.host, port })
  }
  if (engine instanceof RedisEngine) {
    made = joined(options, { entry, orders, setPort, clock, link: engine.link })
  }
  return (
    made ?? {
      nodes: new LoneNode({ entry, orders, hasUser: (user) => connections.countOfUser(user) > 0 }),
      exchange: null,
      isDeaf: false,
      get channelsHeard() {
        return hub.channelsHeard
      },
      begin: async (port) => setPort(port),
      stop: async () => undefined,
    }
  )
}

interface Joining {
  readonly entry: () => NodeEntry
  readonly orders: Orders
  readonly setPort: (port: number) => void
  readonly clock: ClockOffset
  readonly link: Link
}

function joined(
  { config, run, engine, hub, connections, revocations, events }: ClusterOptions,
  { entry, orders, setPort, clock, link }: Joining,
): Cluster {
  const presence = new RedisPresence({ link, self: run, others: () => nodes.others })
  const nodes: RedisNodes = new RedisNodes({
    link,
    leaseMs: config.node.leaseMs,
    entry,
    orders,
    connectionsOf: (user) => connections.countOfUser(user),
    users: () => connections.userNames(),
    lifetimeMaxMs: () => revocations.lifetimeMaxMs(),
    revocations: () => revocations.all(),
    onClock: (reading) => clock.take(reading),
    takeRevocation: (revocation) => take(revocations, revocation),
    ear: {
      came(other) {
        events.nodeChanged("came", other)
        presence.came(other)
      },
      gone(other) {
        events.nodeChanged("gone", other)
        presence.gone(other)
      },
      forgotten: () => presence.forgotten(),
      renewed: () => presence.renewed(),
    },
  })
  connections.onUser = (user) => nodes.userChanged(user)
  let canary: Canary | null = null
  return {
    nodes,
    exchange: presence,
    get isDeaf() {
      return canary?.isDeaf ?? false
    },
    get channelsHeard() {
      return hub.channelsHeard - (canary?.isListening ? 1 : 0)
    },
    async begin(port) {
      setPort(port)
      const channel = canaryChannel(run)
      canary = new Canary({ channel, hub, engine, onChange: (isDeaf) => events.deaf(isDeaf) })
      await nodes.begin()
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
