// What each node announces of who is in a channel, in Redis: a hash a channel and node, written by that node alone, and every
// change announced in the same step. Knows keys and scripts; refuses to know who asks.
import type { PresenceMember } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import type { RedisSubscriber } from "../../redis/redis-subscriptions.ts"
import { defineScript } from "../../redis/script.ts"
import { readNodeMessage } from "./node-message.ts"
import type { PresenceUpdate, PresenceSnapshot } from "../presence/presence-exchange.ts"

/** A snapshot that its node has not refreshed for so long is gone by itself. Until then a dead node's is not looked at. */
export const snapshotTtlMs = 15 * 60_000

/**
 * KEYS: snapshot, Redis channel. ARGV: publish command, announcement, ttl, whether the snapshot begins anew, fields to delete (their
 * number first), then fields and values. A snapshot with nobody in it is no key.
 */
const announceScript = defineScript(
  "presence-say",
  `if ARGV[4] == '1' then redis.call('DEL', KEYS[1]) end
local gone = tonumber(ARGV[5])
for i = 6, 5 + gone do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 6 + gone, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if redis.call('HLEN', KEYS[1]) == 2 and redis.call('HGET', KEYS[1], 'guests') == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call(ARGV[1], KEYS[2], ARGV[2])
return 1`,
)

/** An announcement as it travels. A gap between `before` and what came last means that something was missed. */
export interface PresenceAnnouncement extends PresenceUpdate {
  readonly node: string
  readonly before: number
  readonly number: number
  /** All that the node says is this. */
  readonly whole: boolean
}

/** A snapshot as it was read, with the number of the last announcement in it; null when there is nobody. */
export interface StoredSnapshot extends PresenceSnapshot {
  readonly number: number | null
}

/** Users, told apart from `number` and `guests`. */
const field = (user: string): string => `@${user}`

export class PresenceStore {
  private readonly redis: RedisClient

  constructor(redis: RedisClient) {
    this.redis = redis
  }

  /** Writes and announces. Throws `engine_unavailable`. */
  async announce(channel: Channel, announcement: PresenceAnnouncement): Promise<void> {
    const { redis } = this
    const fields = announcement.joined.flatMap(({ user, since }) => [field(user), since])
    await redis.run(
      announceScript,
      channel,
      [this.keyOf(channel, announcement.node), redis.key(channel, "presence")],
      [
        redis.isCluster ? "SPUBLISH" : "PUBLISH",
        JSON.stringify(announcement),
        snapshotTtlMs,
        announcement.whole ? 1 : 0,
        announcement.left.length,
        ...announcement.left.map(field),
        ...fields,
        "number",
        announcement.number,
        "guests",
        announcement.guests,
      ],
    )
  }

  /** Keeps a snapshot for another time to live. False when there is none: nobody is in it, or Redis dropped it. */
  async refresh(channel: Channel, node: string): Promise<boolean> {
    return (await this.redis.command(channel, "PEXPIRE", this.keyOf(channel, node), snapshotTtlMs)) === 1
  }

  /** Throws `engine_unavailable`. */
  async read(channel: Channel, node: string): Promise<StoredSnapshot> {
    const reply = await this.redis.command(channel, "HGETALL", this.keyOf(channel, node))
    const members: PresenceMember[] = []
    let number: number | null = null
    let guests = 0
    const fields = Array.isArray(reply) ? reply.map(String) : []
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const [name, value] = [fields[i] as string, Number(fields[i + 1])]
      if (name === "number") number = value
      else if (name === "guests") guests = value
      else members.push({ user: name.slice(1), since: value })
    }
    return { members, guests, number }
  }

  /** The number of the last announcement in a node's snapshot; null when nobody is in it. Throws `engine_unavailable`. */
  async numberOf(channel: Channel, node: string): Promise<number | null> {
    const number = await this.redis.command(channel, "HGET", this.keyOf(channel, node), "number")
    return number === null ? null : Number(number)
  }

  subscribe(channel: Channel, subscriber: RedisSubscriber<PresenceAnnouncement>): void {
    this.redis.subscribe(channel, "presence", {
      received(payload) {
        const announcement = readNodeMessage<PresenceAnnouncement>(payload)
        if (announcement) subscriber.received(announcement)
      },
      subscribed: () => subscriber.subscribed(),
    })
  }

  unsubscribe(channel: Channel): void {
    this.redis.unsubscribe(channel, "presence")
  }

  private keyOf(channel: Channel, node: string): string {
    return this.redis.key(channel, `presence:${node}`)
  }
}
