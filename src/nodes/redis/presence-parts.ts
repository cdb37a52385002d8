// What each node says of who is in a channel, in Redis: a hash a channel and node, written by that node alone, and every
// change announced in the same step. Knows keys and scripts; refuses to know who asks.
import type { PresenceMember } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Link } from "../../engines/redis/link.ts"
import { defineScript } from "../../engines/redis/script.ts"
import { readTold } from "./told.ts"
import type { Announcement, Part } from "../presence/exchange.ts"

/** A part that its node has not refreshed for so long is gone by itself. Until then a dead node's part is not looked at. */
export const partTtlMs = 15 * 60_000

/**
 * KEYS: part, Redis channel. ARGV: publish command, announcement, ttl, whether the part begins anew, fields to delete (their
 * number first), then fields and values. A part with nobody in it is no key.
 */
const sayScript = defineScript(
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

/** An announcement as it travels. A gap between `before` and what was heard last means that something was missed. */
export interface Said extends Announcement {
  readonly node: string
  readonly before: number
  readonly number: number
  /** All that the node says is this. */
  readonly whole: boolean
}

/** A part as it was read, with the number of the last announcement in it; null when there is nobody. */
export interface ReadPart extends Part {
  readonly number: number | null
}

/** Users, told apart from `number` and `guests`. */
const field = (user: string): string => `@${user}`

export class PresenceParts {
  private readonly link: Link

  constructor(link: Link) {
    this.link = link
  }

  /** Writes and announces. Throws `engine_unavailable`. */
  async say(channel: Channel, said: Said): Promise<void> {
    const { link } = this
    const fields = said.joined.flatMap(({ user, since }) => [field(user), since])
    await link.run(
      sayScript,
      channel,
      [this.keyOf(channel, said.node), link.key(channel, "presence")],
      [
        link.isCluster ? "SPUBLISH" : "PUBLISH",
        JSON.stringify(said),
        partTtlMs,
        said.whole ? 1 : 0,
        said.left.length,
        ...said.left.map(field),
        ...fields,
        "number",
        said.number,
        "guests",
        said.guests,
      ],
    )
  }

  /** Keeps a part for another time to live. False when there is none: nobody is in it, or Redis dropped it. */
  async refresh(channel: Channel, node: string): Promise<boolean> {
    return (await this.link.command(channel, "PEXPIRE", this.keyOf(channel, node), partTtlMs)) === 1
  }

  /** Throws `engine_unavailable`. */
  async read(channel: Channel, node: string): Promise<ReadPart> {
    const reply = await this.link.command(channel, "HGETALL", this.keyOf(channel, node))
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

  /** The number of the last announcement in a node's part; null when nobody is in it. Throws `engine_unavailable`. */
  async numberOf(channel: Channel, node: string): Promise<number | null> {
    const number = await this.link.command(channel, "HGET", this.keyOf(channel, node), "number")
    return number === null ? null : Number(number)
  }

  /** Hears what is said of a channel. `joined` is called whenever something may have been missed. */
  hear(channel: Channel, ear: { heard(said: Said): void; joined(): void }): void {
    this.link.listen(channel, "presence", {
      heard(payload) {
        const said = readTold<Said>(payload)
        if (said) ear.heard(said)
      },
      joined: () => ear.joined(),
    })
  }

  unhear(channel: Channel): void {
    this.link.unlisten(channel, "presence")
  }

  private keyOf(channel: Channel, node: string): string {
    return this.link.key(channel, `presence:${node}`)
  }
}
