// Leases of a cluster, in Redis by its clock: the first to ask has one, and what was done is remembered for a while.
import { createHash, randomUUID } from "node:crypto"
import type { RedisClient } from "../../redis/redis-client.ts"
import { defineScript } from "../../redis/script.ts"
import type { Leases } from "../leases.ts"

/** KEYS: the lease. ARGV: who asks, how long in ms. */
const acquireScript = defineScript(
  "lease-acquire",
  `local owner = redis.call('GET', KEYS[1])
if owner == 'done' then return 'done' end
if owner and owner ~= ARGV[1] then return 'held' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'ours'`,
)

/** KEYS: the lease. ARGV: who gives it up. */
const releaseScript = defineScript(
  "lease-release",
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
)

export class RedisLeases implements Leases {
  private readonly redis: RedisClient
  /** All leases of a kind are under one tag: they are few. */
  private readonly tag: string
  private readonly self = randomUUID()

  constructor(redis: RedisClient, tag: "alarms" | "ingest") {
    this.redis = redis
    this.tag = tag
  }

  async acquire(name: string, holdMs: number): Promise<"ours" | "held" | "done"> {
    const args = [this.self, Math.ceil(holdMs)]
    const answer = await this.redis.run(acquireScript, this.tag, [this.keyOf(name)], args)
    // A reply is bytes or text, as the connection has read it.
    const word = String(answer)
    return word === "ours" || word === "done" ? word : "held"
  }

  async markDone(name: string, keepMs: number): Promise<void> {
    await this.redis.command(this.tag, "SET", this.keyOf(name), "done", "PX", Math.ceil(keepMs))
  }

  async release(name: string): Promise<void> {
    await this.redis.run(releaseScript, this.tag, [this.keyOf(name)], [this.self])
  }

  /** Names hold channels and may be long. */
  private keyOf(name: string): string {
    return this.redis.key(this.tag, createHash("sha256").update(name).digest("base64url"))
  }
}
