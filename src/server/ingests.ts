// The ingests of a node: over this node's hub and engine, with the leases of its cluster.
import { systemClock } from "../bounds/clock.ts"
import type { Channel } from "../channels/channel.ts"
import { LocalLeases } from "../cluster/local-leases.ts"
import { runOf, type Nodes } from "../cluster/nodes.ts"
import { RedisLeases } from "../cluster/redis/redis-leases.ts"
import { RedisEngine } from "../engines/redis/redis-engine.ts"
import type { Drafts } from "../hub/drafts.ts"
import type { NodeHub } from "../hub/node-hub.ts"
import type { IngestEvents } from "../ingest/ingest-record.ts"
import type { PublishPort } from "../ingest/pipeline/publish-port.ts"
import { RunningIngests } from "../ingest/running-ingests.ts"
import type { Limits } from "../../wire/limits.ts"
import type { NodeEngine } from "./engines.ts"

interface IngestsOptions {
  readonly run: string
  /** What its operator calls this node. */
  readonly node: string | null
  readonly hub: NodeHub<NodeEngine>
  readonly engine: NodeEngine
  readonly drafts: Drafts
  readonly limits: Limits
  readonly checkName: (channel: Channel) => void
  /** Known once the node's place among others is. */
  readonly nodes: () => Nodes
  readonly leaseMs: number
  readonly events: IngestEvents
}

export function makeIngests(options: IngestsOptions): RunningIngests {
  const { run, node, hub, engine, drafts, limits, checkName, nodes, leaseMs, events } = options
  const port: PublishPort = {
    partOf: (channel) => engine.partOf(channel),
    room: (channel) => hub.room(channel),
    publish: (channel, payload, source) =>
      hub.publish(drafts.make({ channel, payload, publisher: undefined, source })),
    async push(id, { type, data }) {
      const base64 = typeof data !== "string"
      const text = base64 ? Buffer.from(data).toString("base64") : data
      await nodes().call(runOf(id), "push", { id, type, data: text, base64 })
    },
  }
  return new RunningIngests({
    ...{ run, node, port, limits, checkName, leaseMs, events },
    leases:
      engine instanceof RedisEngine ? new RedisLeases(engine.redis, "ingest") : new LocalLeases(systemClock),
    clock: systemClock,
    forgetSources: (prefix) => engine.forgetSources(prefix),
    drainMs: () => limits.drainSeconds * 1000,
    deadLetters: {
      async oldest(channel) {
        const { tail, kept } = await hub.state(channel)
        return { epoch: tail.epoch, offset: tail.offset - kept }
      },
      page: async (channel, after) =>
        hub.read(channel, after, { messages: limits.pageMessagesMax, bytes: limits.pageBytesMax }),
    },
  })
}
