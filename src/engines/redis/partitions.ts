// Which part of Redis a channel lives in, and the keys of that part. All keys of a partition have one hash tag, so that a
// Cluster keeps them on one node and a script can change them together.
import { fnv1a } from "../../../wire/fnv1a.ts"
import type { Channel } from "../../channels/channel.ts"
import type { RedisClient } from "../../redis/redis-client.ts"

/**
 * Partitions of a Cluster. Enough to spread over some dozens of nodes, few enough for the upkeep of each every second. One server
 * needs one, and then budgets hold for all channels together.
 */
const clusterPartitionCount = 64

export interface Partition {
  /** What the hash tag of its keys is. */
  readonly tag: string
  /** What every script is handed, in the order of scripts/shared.lua. */
  readonly keys: readonly string[]
}

/** Cuts Redis into partitions: as many as its kind needs, the same on every node. */
export class Partitions {
  readonly all: readonly Partition[]

  constructor(redis: RedisClient, count = redis.isCluster ? clusterPartitionCount : 1) {
    this.all = Array.from({ length: count }, (_, number) => {
      const tag = String(number)
      const names = [
        "ledger",
        "lives",
        "names",
        "used",
        "due",
        "receipts",
        "expiries",
        "channel:",
        "log:",
        "heard",
        "holders",
        "owners",
        "owned:",
      ]
      return { tag, keys: names.map((name) => redis.key(tag, name)) }
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
