// Which users are on which nodes, in Redis: for each user the runs that they are on, so that finding a user is one command
// however many nodes there are. A node writes its own run alone, so an old connection's close unbinds no newer one elsewhere;
// who looks passes over the runs of nodes that are dead.
import { createHash } from "node:crypto"
import type { RedisClient } from "../../redis/redis-client.ts"
import type { LocalUsers } from "../nodes.ts"
import { defineScript, redisClock } from "../../redis/script.ts"

/** Changes are written together after so long: a user who pages through a site costs one write, not five. */
const gatherMs = 50

/** Users written at once. */
const usersPerStep = 500

/** What a node has not refreshed for so long is gone by itself: what dead nodes leave goes with it. */
const keptMs = 15 * 60_000

/** How often each user is refreshed: a third of that, so that one time that fails does no harm. */
const refreshMs = keptMs / 3

/** Refreshed with each renewal at least: of a node with few users what Redis has dropped is soon there again. */
const refreshedMin = 5

/** Users lie in so many parts, each on one server of a Cluster. */
const parts = 256

/**
 * KEYS: the user's runs. ARGV: this run, how long what is written is kept, in ms. By Redis' clock: one node's would take for
 * gone by itself what another has just written. Of a user who is always on some node, it clears what dead ones have left.
 */
const writeScript = defineScript(
  "directory-say",
  `redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`,
  redisClock,
)

interface UserDirectoryOptions {
  readonly redis: RedisClient
  /** This node. */
  readonly self: string
  readonly local: LocalUsers
}

export class UserDirectory {
  private readonly options: UserDirectoryOptions
  private changed = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | null = null
  private writing: Promise<void> = Promise.resolve()
  /** What is written may not be true: all of it is written anew at the next renewal. */
  private stale = false
  /** Who is refreshed next. */
  private refreshing: Iterator<string> | null = null
  private refreshedAtMs = performance.now()

  constructor(options: UserDirectoryOptions) {
    this.options = options
  }

  /** A connection of the user came or went. */
  userChanged(user: string): void {
    this.changed.add(user)
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.flush()
    }, gatherMs)
  }

  /** Which of these nodes a user has connections on. Throws `engine_unavailable`. */
  async nodesOf(user: string, among: readonly string[]): Promise<readonly string[]> {
    if (among.length === 0) return []
    const { tag, key } = this.placeOf(user)
    const found = await this.options.redis.command(tag, "ZRANGE", key, 0, -1)
    const runs = new Set(Array.isArray(found) ? found.map(String) : [])
    return among.filter((run) => runs.has(run))
  }

  /** The lease was renewed. Not `held`: what was written may be gone. */
  renewed(held: boolean): void {
    if (!held) this.stale = true
    this.flush(this.dueForRefresh())
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    await this.writing
    // Nobody who is still here will be.
    await this.inSteps(this.options.local.userNames(), (user) => this.remove(user)).catch(() => undefined)
  }

  private flush(due: readonly string[] = []): void {
    const users = this.stale ? new Set([...this.changed, ...this.options.local.userNames()]) : this.changed
    this.changed = new Set()
    this.stale = false
    this.writing = this.writing
      .then(() => this.inSteps(users, (user) => this.write(user)))
      .then(() => this.inSteps(due, (user) => this.write(user)))
      .catch(() => {
        // Who has left meanwhile is not among those who are here.
        for (const user of users) this.changed.add(user)
        this.stale = true
      })
  }

  /** Those whose turn it is to be refreshed. */
  private dueForRefresh(): string[] {
    const { local } = this.options
    const now = performance.now()
    const share = Math.ceil((local.users * (now - this.refreshedAtMs)) / refreshMs)
    this.refreshedAtMs = now
    const some: string[] = []
    for (let at = Math.max(share, refreshedMin); at > 0; at--) {
      this.refreshing ??= local.userNames()[Symbol.iterator]()
      const { done, value } = this.refreshing.next()
      if (done) {
        this.refreshing = null
        break
      }
      some.push(value)
    }
    return some
  }

  private async inSteps(users: Iterable<string>, write: (user: string) => Promise<unknown>): Promise<void> {
    let step: Promise<unknown>[] = []
    for (const user of users) {
      step.push(write(user))
      if (step.length < usersPerStep) continue
      await Promise.all(step)
      step = []
    }
    await Promise.all(step)
  }

  private async write(user: string): Promise<void> {
    const { redis, self, local } = this.options
    if (local.countOfUser(user) === 0) return this.remove(user)
    const { tag, key } = this.placeOf(user)
    await redis.run(writeScript, tag, [key], [self, keptMs])
  }

  private async remove(user: string): Promise<void> {
    const { tag, key } = this.placeOf(user)
    await this.options.redis.command(tag, "ZREM", key, this.options.self)
  }

  /** A user may be called anything: a tag is of our own making. */
  private placeOf(user: string): { readonly tag: string; readonly key: string } {
    const [byte = 0] = createHash("sha1").update(user).digest()
    const tag = `user-${byte % parts}`
    return { tag, key: this.options.redis.key(tag, user) }
  }
}
