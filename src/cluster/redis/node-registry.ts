// The membership of a cluster: its nodes under their leases, kept in Redis by Redis' clock. A node renews its lease every second and
// learns in the same step who else is alive.
import type { RedisClient } from "../../redis/redis-client.ts"
import { defineScript, redisClock } from "../../redis/script.ts"
import type { ClockReading } from "../clock-offset.ts"
import type { NodeInfo } from "../nodes.ts"

/** All nodes are under one tag: a handful of short texts. */
const tag = "nodes"

/** Anybody can make up ids of nodes that never were: looking for those asks Redis at most this often. */
const lookupIntervalMs = 200

/** KEYS: leases, entries. ARGV: run, lease in ms, entry. Answers whether the lease had held, Redis' time, then all live entries. */
const renewScript = defineScript(
  "nodes-renew",
  `local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
local held = 0
if before and tonumber(before) >= now then held = 1 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
for i = 1, #dead do
  redis.call('ZREM', KEYS[1], dead[i])
  redis.call('HDEL', KEYS[2], dead[i])
end
local live = redis.call('HVALS', KEYS[2])
table.insert(live, 1, tostring(held))
table.insert(live, 2, string.format('%d', now))
return live`,
  redisClock,
)

const leaveScript = defineScript(
  "nodes-leave",
  `redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1`,
)

interface NodeRegistryOptions {
  readonly redis: RedisClient
  readonly leaseMs: number
  /** This node as it is now. */
  readonly info: () => NodeInfo
  /** This node's clock beside that of Redis. */
  readonly onClock: (reading: ClockReading) => void
}

interface NodeRegistryEvents {
  /** A node came, or came back. Not called for this one. */
  joined(run: string): void
  /** A node left, or its lease ran out. */
  left(run: string): void
  /** The lease was renewed. `held`: it had not run out, so the others still count on what this node has written. */
  renewed(held: boolean): void
}

export class NodeRegistry {
  private readonly options: NodeRegistryOptions
  private readonly self: string
  private readonly keys: readonly string[]
  private known = new Map<string, NodeInfo>()
  private events: NodeRegistryEvents | null = null
  private timer: ReturnType<typeof setInterval> | null = null
  private renewing: Promise<void> | null = null
  private stopped = false
  /** Monotonic milliseconds. */
  private renewedAtMs = Number.NEGATIVE_INFINITY
  private graceUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: NodeRegistryOptions) {
    this.options = options
    this.self = options.info().run
    this.keys = [options.redis.key(tag, "leases"), options.redis.key(tag, "entries")]
  }

  /** Takes the lease and keeps it. */
  async begin(events: NodeRegistryEvents): Promise<void> {
    this.events = events
    this.timer = setInterval(() => void this.renew(), Math.min(1000, this.options.leaseMs / 5))
    await this.renew()
  }

  /** Those that are alive, this one as it is now. */
  get list(): readonly NodeInfo[] {
    const others = [...this.known.values()].filter(({ run }) => run !== this.self)
    return [...others, this.options.info()].sort((a, b) => (a.run < b.run ? -1 : 1))
  }

  /** Whether a node is alive, as far as was known a moment ago. One that nobody knows may have come since, so it is looked for. */
  async knows(run: string): Promise<boolean> {
    if (!this.known.has(run) && performance.now() - this.renewedAtMs > lookupIntervalMs) await this.renew()
    return this.known.has(run)
  }

  /** Whether a node has its lease now: asked of Redis, and while Redis is away what was known last. */
  async hasLease(run: string): Promise<boolean> {
    await this.renew()
    return this.known.has(run)
  }

  /** The runs of the others. */
  get others(): readonly string[] {
    return [...this.known.keys()].filter((run) => run !== this.self)
  }

  /**
   * Renews the lease and looks who is there. Does nothing while Redis is away, nor before the node has begun: it could not
   * say yet where it is called at.
   */
  renew(): Promise<void> {
    if (this.stopped || !this.timer) return Promise.resolve()
    this.renewing ??= this.renewNow().finally(() => {
      this.renewing = null
    })
    return this.renewing
  }

  private async renewNow(): Promise<void> {
    try {
      const { redis, leaseMs, info, onClock } = this.options
      const args = [this.self, leaseMs, JSON.stringify(info())]
      const beforeMs = Date.now()
      const reply = await redis.run(renewScript, tag, this.keys, args)
      if (!Array.isArray(reply) || this.stopped) return
      const [held, redisMs, ...entries] = reply.map(String)
      onClock({ beforeMs, otherMs: Number(redisMs), afterMs: Date.now() })
      this.update(held === "1", entries)
    } catch {
      // The engine tells that Redis is away; what is known stays known until it is back.
    }
  }

  async leave(): Promise<void> {
    this.stopped = true
    if (this.timer) clearInterval(this.timer)
    try {
      await this.options.redis.run(leaveScript, tag, this.keys, [this.self])
    } catch {
      // Then the lease runs out by itself.
    }
  }

  private update(held: boolean, entries: readonly string[]): void {
    const now = performance.now()
    // After an outage nobody has renewed: who is not there yet gets a lease's time before they count as gone.
    if (now - this.renewedAtMs > this.options.leaseMs / 2) this.graceUntilMs = now + this.options.leaseMs
    this.renewedAtMs = now
    const before = this.known
    this.known = new Map(entries.map((text) => JSON.parse(text) as NodeInfo).map((one) => [one.run, one]))
    for (const [run, info] of before) {
      if (this.known.has(run)) continue
      if (now < this.graceUntilMs) this.known.set(run, info)
      else this.events?.left(run)
    }
    for (const run of this.known.keys()) {
      if (run !== this.self && !before.has(run)) this.events?.joined(run)
    }
    this.events?.renewed(held)
  }
}
