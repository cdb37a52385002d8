// This node's vote, after a restart of Redis, on whether anything is missing (`redis.durable`): what it saw of each part before.
// While that is open nothing is asked of the part. Knows counts and runs of Redis; refuses to know what was counted.
import { randomUUID } from "node:crypto"
import type { RedisClient } from "../../redis/redis-client.ts"
import { randomEpoch } from "../epoch-names.ts"
import type { Partition } from "./partitions.ts"
import { scripts } from "./scripts.ts"
import { RedisTrouble, replyCodeOf, unavailable } from "../../redis/redis-errors.ts"

/** How often an open question is asked again: publishers wait for it. */
const askAgainMs = 100

interface RestartVoteOptions {
  readonly redis: RedisClient
  readonly partitions: readonly Partition[]
  /** How long a node is waited for that does not say what it saw, in milliseconds. */
  readonly leaseMs: number
}

/** What was seen of one part. */
interface PartitionView {
  readonly partition: Partition
  /** Nothing is open: what is asked is answered. */
  isSettled: boolean
  isAsking: boolean
  /** The replication id (one run of Redis has one) and the generation that `seen` belongs to; empty before the first answer. */
  replicationId: string
  generation: string
  /** The greatest count that was answered or announced. */
  seen: number
  /** The replication id under which it was said already what was seen under the one before. */
  votedIn: string
}

export class RestartVote {
  private readonly options: RestartVoteOptions
  private readonly self = randomUUID()
  private readonly views: ReadonlyMap<Partition, PartitionView>
  private readonly unwatch: () => void
  private timer: ReturnType<typeof setTimeout> | null = null
  private stopped = false
  /** Whoever waits for it. */
  private tellSettled: () => void = () => undefined

  constructor(options: RestartVoteOptions) {
    this.options = options
    const blank = {
      isSettled: false,
      isAsking: false,
      replicationId: "",
      generation: "",
      seen: 0,
      votedIn: "",
    }
    this.views = new Map(
      options.partitions.map((partition) => [partition, { partition, ...blank } as PartitionView]),
    )
    this.unwatch = options.redis.onChange(() => this.redisChanged())
  }

  /** Renews the lease of this node in every part, and asks where something is open. Once a second. */
  renew(): void {
    for (const view of this.views.values()) void this.ask(view)
  }

  /** Throws `engine_unavailable` while it is open whether the numbering of a part goes on. */
  check(partition: Partition): void {
    if (this.views.get(partition)?.isSettled) return
    const { where } = this.options.redis
    throw unavailable(
      this.options.redis.troubleAt(partition.tag) ??
        new RedisTrouble(`${where} was restarted, and not every node has said yet what it saw before`, {
          passing: true,
        }),
      where,
    )
  }

  /** Resolves when nothing is open, or after `patienceMs`. */
  async settled(patienceMs: number): Promise<void> {
    if (this.isSettled) return
    await Promise.race([
      new Promise<void>((resolve) => void (this.tellSettled = resolve)),
      new Promise<void>((resolve) => void setTimeout(resolve, patienceMs).unref()),
    ])
  }

  /** The same for all parts together. */
  checkAll(): void {
    for (const partition of this.options.partitions) this.check(partition)
  }

  /** A count came with an answer or an announcement. */
  saw(partition: Partition, count: number): void {
    const view = this.views.get(partition)
    if (view && count > view.seen) view.seen = count
  }

  /** Something was refused: perhaps since Redis is another, or was restarted unnoticed. */
  refused(partition: Partition, error: unknown): void {
    const cause = error instanceof Error ? error.cause : null
    const view = this.views.get(partition)
    if (!view || replyCodeOf(cause) !== "UNDECIDED") return
    view.isSettled = false
    void this.ask(view)
  }

  /** This node says nothing any more, and nobody is to wait for it. */
  async stop(): Promise<void> {
    this.unwatch()
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
    const settled = [...this.views.values()].filter(({ isSettled }) => isSettled)
    await Promise.all(settled.map((view) => this.say(view, true).catch(() => undefined)))
  }

  /** A connection that broke may have ended a run of Redis. Asking needs the one for commands alone. */
  private redisChanged(): void {
    for (const view of this.views.values()) {
      if (this.options.redis.troubleAt(view.partition.tag)) view.isSettled = false
      if (!view.isSettled) void this.ask(view)
    }
  }

  private get isSettled(): boolean {
    return [...this.views.values()].every(({ isSettled }) => isSettled)
  }

  private async ask(view: PartitionView): Promise<void> {
    if (this.stopped || view.isAsking) return
    view.isAsking = true
    try {
      const [outcome = "", replicationId = "", generation = "", count] = await this.say(view, false)
      if (outcome === "settled") {
        // Where numbering began anew, what was seen before is of no use.
        if (generation !== view.generation) view.seen = Number(count)
        Object.assign(view, { replicationId, generation, votedIn: "", isSettled: true })
        this.saw(view.partition, Number(count))
      } else {
        view.votedIn = replicationId
        view.isSettled = false
      }
    } catch {
      // Redis is away; its client tells when it is back.
    } finally {
      view.isAsking = false
    }
    if (!view.isSettled) this.askAgain()
    else if (this.isSettled) this.tellSettled()
  }

  private askAgain(): void {
    if (this.stopped) return
    this.timer ??= setTimeout(() => {
      this.timer = null
      for (const view of this.views.values()) if (!view.isSettled) void this.ask(view)
    }, askAgainMs)
  }

  private async say(view: PartitionView, leaves: boolean): Promise<string[]> {
    const { redis, leaseMs } = this.options
    const { partition, replicationId, seen, generation, votedIn } = view
    const [ledger, lives] = partition.keys as readonly [string, string]
    const keys = [ledger, lives, redis.key(partition.tag, "voters"), redis.key(partition.tag, "votes")]
    const known = [replicationId, seen, generation, votedIn]
    const args = [randomEpoch(), this.self, ...known, leaseMs, leaves ? 1 : 0]
    const reply = await redis.run(scripts.restartVote, partition.tag, keys, args)
    return Array.isArray(reply) ? reply.map(String) : []
  }
}
