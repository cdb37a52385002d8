// Where sessions live that their clients name, in Redis: a key a name, so that finding one is one command however many nodes there are, and
// of two nodes that open one name at once one is the first.
import { createHash } from "node:crypto"
import { AgedMap } from "../../bounds/aged-map.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import { defineScript } from "../../redis/script.ts"
import type { SessionDirectory } from "../session-directory.ts"

/** What a node has not written for so long is gone by itself: what dead nodes leave goes with it. */
const keptMs = 15 * 60_000

/** How often each name is written anew: a third of that, so that one time that fails does no harm. */
const refreshMs = keptMs / 3

/** Names written anew with one renewal of the lease, which comes every second. */
const refreshedMax = 2000

/** Names lie in so many parts, each on one server of a Cluster. */
const parts = 256

/** KEYS: the name. ARGV: the session's id, how long it is kept in ms, what may be replaced: all ids that begin so, and one id or nothing. */
const claimScript = defineScript(
  "session-claim",
  `local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and owner ~= ARGV[4] and string.sub(owner, 1, #ARGV[3]) ~= ARGV[3] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`,
)

/** KEYS: the name. ARGV: the session's id. */
const releaseScript = defineScript(
  "session-release",
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
)

interface RedisSessionDirectoryOptions {
  readonly redis: RedisClient
  /** The run of this node, which begins the ids of its sessions. */
  readonly self: string
  readonly now?: () => number
}

interface Held {
  readonly id: string
  readonly writtenAtMs: number
}

export class RedisSessionDirectory implements SessionDirectory {
  private readonly redis: RedisClient
  private readonly self: string
  private readonly now: () => number
  /** What this node has taken, what was written longest ago first. */
  private readonly held = new AgedMap<string, Held>()
  /** What was written before may be gone. */
  private lostBeforeMs = Number.NEGATIVE_INFINITY

  constructor({ redis, self, now = () => performance.now() }: RedisSessionDirectoryOptions) {
    this.redis = redis
    this.self = self
    this.now = now
  }

  async find(name: string): Promise<string | null> {
    const { tag, key } = this.placeOf(name)
    const found = await this.redis.command(tag, "GET", key)
    return found === null ? null : String(found)
  }

  async claim(name: string, id: string, insteadOf: string | null): Promise<string> {
    const owner = await this.write(name, id, insteadOf)
    if (owner === id) this.held.set(name, { id, writtenAtMs: this.now() })
    return owner
  }

  release(name: string, id: string): void {
    if (this.held.get(name)?.id === id) this.held.delete(name)
    const { tag, key } = this.placeOf(name)
    // What is not taken back now goes by itself, and who finds it is told by this node that it has gone.
    this.redis.run(releaseScript, tag, [key], [id]).catch(() => undefined)
  }

  /** The lease was renewed. Not `held`: what was written may be gone. */
  renewed(held: boolean): void {
    if (!held) this.lostBeforeMs = this.now()
    const dueBeforeMs = Math.max(this.lostBeforeMs, this.now() - refreshMs)
    for (let count = 0; count < refreshedMax; count++) {
      const { oldest } = this.held
      if (!oldest || oldest.value.writtenAtMs >= dueBeforeMs) return
      void this.writeAgain(oldest.key, oldest.value.id)
    }
  }

  private async writeAgain(name: string, id: string): Promise<void> {
    this.held.set(name, { id, writtenAtMs: this.now() })
    // Where another node has taken the name meanwhile, it keeps it. When Redis is back from an outage, all of them are written again.
    await this.write(name, id, null).catch(() => undefined)
  }

  private async write(name: string, id: string, insteadOf: string | null): Promise<string> {
    const { tag, key } = this.placeOf(name)
    return String(
      await this.redis.run(claimScript, tag, [key], [id, keptMs, `${this.self}-`, insteadOf ?? ""]),
    )
  }

  /** A session may be called anything: a tag is of our own making. */
  private placeOf(name: string): { readonly tag: string; readonly key: string } {
    const [byte = 0] = createHash("sha1").update(name).digest()
    const tag = `session-${byte % parts}`
    return { tag, key: this.redis.key(tag, name) }
  }
}
