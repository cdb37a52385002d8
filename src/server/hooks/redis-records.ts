// What backends must hear, kept in Redis under the node's lease: when it runs out, whoever is alive takes over and tells. A node
// that was away for so long that others have told the ends of its connections ends them.
import { LabaError } from "../../../wire/error.ts"
import type { Link } from "../../engines/redis/link.ts"
import { defineScript } from "../../engines/redis/script.ts"
import type { Records, RecordsEar, StoredTell } from "../../hooks/remote/remote.ts"

/** All of it is under one tag: a script moves what a dead node has left to a living one. */
const tag = "hooks"

/** Tells taken over in one step. Each is about 300 bytes; the step holds Redis for a millisecond. */
const adoptMax = 200

/**
 * KEYS: leases, what this run keeps. ARGV: run, lease in ms, how the keys of what runs keep begin, the most to take over.
 * Answers whether the lease had held, then ids and tells taken over from a run whose lease has not.
 */
const renewScript = defineScript(
  "hooks-renew",
  `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
local held = '0'
if before and tonumber(before) >= now then held = '1' end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local reply = { held }
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'LIMIT', 0, 1)
if #dead == 0 then return reply end
local left = ARGV[3] .. dead[1]
local fields = redis.call('HRANDFIELD', left, ARGV[4], 'WITHVALUES')
for i = 1, #fields, 2 do
  redis.call('HSET', KEYS[2], fields[i], fields[i + 1])
  redis.call('HDEL', left, fields[i])
  reply[#reply + 1] = fields[i]
  reply[#reply + 1] = fields[i + 1]
end
if redis.call('EXISTS', left) == 0 then redis.call('ZREM', KEYS[1], dead[1]) end
return reply`,
)

/** KEYS: leases, what this run keeps. ARGV: run, id, tell. Answers 0, and does nothing, without a lease. */
const putScript = defineScript(
  "hooks-put",
  `if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1`,
)

export interface RedisRecordsOptions {
  readonly link: Link
  /** Names this run of this node. */
  readonly run: string
  readonly leaseMs: number
}

export class RedisRecords implements Records {
  readonly durable = true
  private readonly options: RedisRecordsOptions
  private readonly leases: string
  private readonly mine: string
  private ear: RecordsEar | null = null
  private timer: ReturnType<typeof setInterval> | null = null
  private renewing: Promise<void> | null = null

  constructor(options: RedisRecordsOptions) {
    this.options = options
    this.leases = options.link.key(tag, "leases")
    this.mine = options.link.key(tag, `tells-${options.run}`)
  }

  /** Nothing: what earlier runs have left is taken over as theirs is by anybody. */
  load(): StoredTell[] {
    return []
  }

  begin(ear: RecordsEar): void {
    this.ear = ear
    this.timer = setInterval(() => void this.renew(), Math.min(1000, this.options.leaseMs / 5))
    // It keeps no process that has nothing else to do.
    this.timer.unref?.()
    void this.renew()
  }

  /** Throws `engine_unavailable`. */
  async put(tell: StoredTell): Promise<void> {
    const { link, run } = this.options
    for (let tries = 0; tries < 2; tries++) {
      const keys = [this.leases, this.mine]
      const kept = await link.run(putScript, tag, keys, [run, tell.id, JSON.stringify(tell)])
      if (kept === 1) return
      // Without a lease nobody would look for what a dead node has left.
      await this.renew()
    }
    throw new LabaError("engine_unavailable", "This node has no lease at the moment.", {
      retryAfterSeconds: 2,
    })
  }

  /** What cannot be removed is told once more by who takes over, with the same id. */
  remove(id: string): void {
    this.options.link.command(tag, "HDEL", this.mine, id).catch(() => undefined)
  }

  /** What is left is told by another node, when the lease has run out. */
  async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer)
    this.ear = null
    const { link, run } = this.options
    try {
      if ((await link.command(tag, "HLEN", this.mine)) === 0)
        await link.command(tag, "ZREM", this.leases, run)
    } catch {
      // Then the lease runs out by itself.
    }
  }

  private renew(): Promise<void> {
    this.renewing ??= this.renewNow().finally(() => {
      this.renewing = null
    })
    return this.renewing
  }

  private async renewNow(): Promise<void> {
    const { link, run, leaseMs } = this.options
    try {
      for (let first = true; ; first = false) {
        const keys = [this.leases, this.mine]
        const reply = await link.run(renewScript, tag, keys, [
          run,
          leaseMs,
          link.key(tag, "tells-"),
          adoptMax,
        ])
        if (!Array.isArray(reply)) return
        const [held, ...fields] = reply.map(String)
        if (first && held === "0") await this.tellLapsed()
        if (fields.length === 0) return
        this.ear?.adopted(fields.filter((_, i) => i % 2 === 1).map((text) => JSON.parse(text) as StoredTell))
      }
    } catch {
      // The engine tells that Redis is away.
    }
  }

  private async tellLapsed(): Promise<void> {
    const kept = await this.options.link.command(tag, "HKEYS", this.mine)
    if (Array.isArray(kept)) this.ear?.lapsed(new Set(kept.map(String)))
  }
}
