// Which node tells an alarm: the first to ask holds it, under a lease by Redis' clock, and what was told is remembered for
// a while. Knows alarms by their names only.
import { createHash, randomUUID } from "node:crypto"
import type { RedisClient } from "../../redis/redis-client.ts"
import { defineScript } from "../../redis/script.ts"
import type { AlarmLeases } from "../../silence/silence.ts"

/** Alarms are few; all of them lie on one server. */
const tag = "alarms"

/** KEYS: the alarm. ARGV: who asks, how long in ms. */
const acquireScript = defineScript(
  "alarm-take",
  `local holder = redis.call('GET', KEYS[1])
if holder == 'told' then return 'told' end
if holder and holder ~= ARGV[1] then return 'held' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'ours'`,
)

export class RedisAlarmLeases implements AlarmLeases {
  private readonly redis: RedisClient
  private readonly self = randomUUID()

  constructor(redis: RedisClient) {
    this.redis = redis
  }

  /** Throws `engine_unavailable`; the alarm is then asked for again with the next look. */
  async acquire(alarm: string, holdMs: number): Promise<"ours" | "held" | "told"> {
    const answer = await this.redis.run(
      acquireScript,
      tag,
      [this.keyOf(alarm)],
      [this.self, Math.ceil(holdMs)],
    )
    // A reply is bytes or text, as the connection has read it.
    const word = String(answer)
    return word === "ours" || word === "told" ? word : "held"
  }

  async markTold(alarm: string, keepMs: number): Promise<void> {
    await this.redis.command(tag, "SET", this.keyOf(alarm), "told", "PX", Math.ceil(keepMs))
  }

  /** Names hold channels and may be long. */
  private keyOf(alarm: string): string {
    return this.redis.key(tag, createHash("sha256").update(alarm).digest("base64url"))
  }
}
