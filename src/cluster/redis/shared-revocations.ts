// Revocations of a whole cluster: kept in Redis until what they are about has ended, told to every node, and read again
// after every interruption, so that none is missed and no restart forgets one.
import type { RedisClient } from "../../redis/redis-client.ts"
import { defineScript, redisClock } from "../../redis/script.ts"
import type { LocalRevocations, Revocation } from "../nodes.ts"
import { readNodeMessage } from "./node-message.ts"

const tag = "revoked"

/** Read in one piece; a revocation is about 100 bytes. */
const perCommand = 1000

/** KEYS: all of them. ARGV: for each how long it is kept, in ms, and the revocation. By Redis' clock, as the reading is. */
const keepScript = defineScript(
  "revoked-keep",
  `for i = 1, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'GT', now + ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return 1`,
  redisClock,
)

/** KEYS: all of them. ARGV: from which on, how many at most. */
const readScript = defineScript(
  "revoked-read",
  `return redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'LIMIT', ARGV[1], ARGV[2])`,
  redisClock,
)

/**
 * Kept for so long beyond what it is about: each node ends a token by its own clock, and one whose clock is behind must not
 * forget the revocation before the token.
 */
const clocksDifferByMs = 10 * 60_000

interface SharedRevocationsOptions {
  readonly redis: RedisClient
  readonly local: LocalRevocations
}

export class SharedRevocations {
  private readonly options: SharedRevocationsOptions
  private readonly key: string
  /** What was told while nobody heard it could not be read. */
  private isUnread = false

  constructor(options: SharedRevocationsOptions) {
    const { redis, local } = options
    this.options = options
    this.key = redis.key(tag, "all")
    redis.subscribe(tag, "told", {
      received(payload) {
        const told = readNodeMessage<Revocation>(payload)
        if (told) local.apply(told)
      },
      subscribed: () => void this.readMissed(),
    })
  }

  /** Keeps it and tells everybody. Throws `engine_unavailable`. */
  async add(revocation: Revocation): Promise<void> {
    const { redis } = this.options
    await this.keep([this.keptMsOf(revocation), JSON.stringify(revocation)])
    await redis.announce(tag, "told", JSON.stringify(revocation))
  }

  /** Redis may have forgotten: what holds here is written again. What fails is tried at the next occasion. */
  async writeAll(): Promise<void> {
    let some: (string | number)[] = []
    const send = async (): Promise<void> => {
      if (some.length > 0) await this.keep(some)
      some = []
    }
    try {
      for (const revocation of this.options.local.all()) {
        some.push(this.keptMsOf(revocation), JSON.stringify(revocation))
        if (some.length >= perCommand * 2) await send()
      }
      await send()
    } catch {
      // Away again; when it is back there is another occasion.
    }
  }

  /** Redis takes commands again, perhaps: what could not be read is read. */
  mend(): void {
    if (this.isUnread) void this.readMissed()
  }

  stop(): void {
    this.options.redis.unsubscribe(tag, "told")
  }

  private async keep(some: readonly (string | number)[]): Promise<void> {
    await this.options.redis.run(keepScript, tag, [this.key], some)
  }

  /** How long from now until what it is about has ended on every node. */
  private keptMsOf(revocation: Revocation): number {
    const lifetimeMaxMs = this.options.local.lifetimeMaxMs
    const now = Date.now()
    const leftMs =
      "token" in revocation
        ? Math.min(revocation.expiresAtSeconds * 1000 - now, lifetimeMaxMs)
        : revocation.atMs + lifetimeMaxMs - now
    return Math.max(0, Math.round(leftMs)) + clocksDifferByMs
  }

  private async readMissed(): Promise<void> {
    this.isUnread = false
    try {
      await this.readAll()
    } catch {
      // The connection to hear with may be there before the one for commands.
      this.isUnread = true
    }
  }

  private async readAll(): Promise<void> {
    const { redis, local } = this.options
    for (let from = 0; ; from += perCommand) {
      const reply = await redis.run(readScript, tag, [this.key], [from, perCommand])
      if (!Array.isArray(reply)) return
      for (const text of reply) local.apply(JSON.parse(String(text)) as Revocation)
      if (reply.length < perCommand) return
    }
  }
}
