// Which part of Redis a channel lives in, and the keys of that part. All keys of a partition have one hash tag, so that a
// Cluster keeps them on one node and a script can change them together.
import { fnv1a } from "../../../wire/fnv1a.ts"
import type { Channel } from "../../channels/channel.ts"
import type { RedisClient } from "../../redis/redis-client.ts"

/**
 * Partitions in a Redis Cluster. Enough to spread over some dozens of nodes, few enough for the upkeep of each every second. One server
 * needs one, and then budgets hold for all channels together.
 */
const clusterPartitionCount = 64

export interface Partition {
  /** What the hash tag of its keys is. */
  readonly tag: string
  /** What every script is handed as KEYS, in the order of scripts/shared.lua. */
  readonly keys: readonly string[]
}

/** The keys of a partition. They stand in Redis, so their names stay as they are. */
const keyNames = [
  /** A hash of the partition's own: generation, replication id, bytes in all. */
  "ledger",
  /** How often numbering began anew, by a hash of the channel's name. */
  "lives",
  /** Every channel, for lists. */
  "names",
  /** Channels with history, by when each was used last: which one is cleared first when room is short. */
  "used",
  /** Channels by when something of them expires. */
  "due",
  /** Idempotency keys with the receipts of their publishes, and when each key expires. */
  "receipts",
  "expiries",
  /** With the channel's name behind it: its state, and its history. */
  "channel:",
  "log:",
  /** Channels that somebody listens to, by when a node said so last. */
  "heard",
  /** How many idempotency keys each publisher has. */
  "holders",
  /** Bytes of history by the owner whose budget they count for; with an owner behind it, the channels of one. */
  "owners",
  "owned:",
  /** How far each partition of an event source is published; with a partition behind it, ids that were published, by when each is forgotten. */
  "sources",
  "source-ids:",
] as const

/** Cuts Redis into partitions: as many as its kind needs, the same on every node. */
export class Partitions {
  readonly all: readonly Partition[]

  constructor(redis: RedisClient, count = redis.isCluster ? clusterPartitionCount : 1) {
    this.all = Array.from({ length: count }, (_, number) => {
      const tag = String(number)
      return { tag, keys: keyNames.map((name) => redis.key(tag, name)) }
    })
  }

  of(channel: Channel): Partition {
    return this.all[this.all.length === 1 ? 0 : hash(channel) % this.all.length] as Partition
  }
}

/** FNV-1a, folded: its low bits alone follow the last letters too closely. */
function hash(channel: Channel): number {
  const value = fnv1a(channel)
  return (value ^ (value >>> 16)) >>> 0
}
