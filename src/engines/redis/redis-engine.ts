// The Redis engine: history, numbers and keys in Redis, for any number of nodes. Redis carries the messages; this file
// says how they become the engine's promises, and its neighbours keep them: connections that tell when they end
// (`src/redis/`), scripts that do all or nothing (redis-store), feeds that know what they missed (channel-feeds).
import type { ConnectionOptions as TlsOptions } from "node:tls"
import type { Position } from "../../../wire/cursor.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { RedisAddress } from "../../config/redis-address.ts"
import type {
  ChannelState,
  Draft,
  Engine,
  EngineEvents,
  HistoryPage,
  PageBounds,
  Receipt,
  SourceKeeper,
} from "../engine.ts"
import type { ChannelsPage, EngineFigures, Inventory } from "../inventory.ts"
import { listChannels } from "./channel-list.ts"
import { ChannelFeeds } from "./channel-feeds.ts"
import { RedisClient } from "../../redis/redis-client.ts"
import { historyShareMax } from "../publisher-shares.ts"
import type { Partition } from "./partitions.ts"
import { type Routing, RedisStore, type UpkeepReport } from "./redis-store.ts"
import { unavailable } from "../../redis/redis-errors.ts"

/** How often what has expired is cleared and the budget is held. One node a second does it, whoever is first. */
const upkeepIntervalMs = 1000

/** Goes of clearing one after the other, about 2 ms of Redis each: a tenth of its time at most. */
const goesMax = 50

/** How long a start waits for Redis to say that it can be used, or that it never can. */
const openingPatienceMs = 3000

export interface RedisEngineOptions {
  readonly address: RedisAddress
  readonly prefix: string
  readonly routing: Routing
  readonly tls?: TlsOptions
  /** Parts that Redis is cut into, each with its share of the bounds. Default: 1, and 64 in a Cluster. The same on every node, and for as long as the data lives. */
  readonly partitions?: number
  /** How often the connections are tried, in milliseconds; one that is silent three times is cut. Default 1000. */
  readonly pulseMs?: number
  /**
   * Keeps the numbering over a restart of Redis after which nothing is missing: for how long a node is waited for that does not
   * say what it saw, in milliseconds. Null: every restart begins a new numbering. The same on every node.
   */
  readonly voteLeaseMs?: number | null
  /** Bytes of history in Redis, all channels and nodes together. */
  readonly historyBytesMax: number
  /** Read whenever they are needed. The keys are those of all nodes together. */
  readonly limits: Pick<Limits, "historyPercentPerPublisherMax" | "idempotencyKeysMax" | "idempotencySeconds">
  readonly onTrim?: (channel: Channel) => void
  /** Redis cannot be used, and why; null when it can again. */
  readonly onTrouble?: (says: string | null) => void
}

export class RedisEngine implements Engine, SourceKeeper, Inventory {
  /** For whoever else keeps something in the same Redis. */
  readonly redis: RedisClient
  private readonly store: RedisStore
  private readonly feeds: ChannelFeeds
  private readonly options: RedisEngineOptions
  private readonly upkeepTimer: ReturnType<typeof setInterval>
  private readonly underUpkeep = new Set<Partition>()
  private closed = false
  private readonly reports = new Map<string, UpkeepReport>()
  private said: string | null = null

  constructor(events: EngineEvents, options: RedisEngineOptions) {
    this.options = options
    const { address, prefix, tls, routing, partitions, pulseMs, limits, voteLeaseMs = null } = options
    this.redis = new RedisClient({ address, prefix, pulseMs, ...(tls && { tls }) })
    this.store = new RedisStore({ redis: this.redis, routing, partitions, limits, voteLeaseMs })
    this.feeds = new ChannelFeeds({ redis: this.redis, store: this.store, routing, events })
    this.redis.onChange(() => this.sayTrouble())
    this.upkeepTimer = setInterval(() => this.runUpkeep(), upkeepIntervalMs)
  }

  /**
   * Resolves when Redis can be used, or cannot yet and may later. Throws `engine_unavailable` for what waiting does not
   * mend: a wrong password, a server that is too old.
   */
  async opened(): Promise<void> {
    await this.redis.opened(openingPatienceMs)
    const { trouble, where } = this.redis
    if (trouble && !trouble.passing) throw unavailable(trouble, where)
    if (trouble) this.say(trouble.message)
    else await this.store.restartVote?.settled(openingPatienceMs)
  }

  get figures(): EngineFigures {
    const all = [...this.reports.values()]
    const sum = (of: (report: UpkeepReport) => number) => all.reduce((total, report) => total + of(report), 0)
    return {
      historyBytes: sum(({ bytes }) => bytes),
      channels: sum(({ channels }) => channels),
      idempotencyKeys: sum(({ keys }) => keys),
    }
  }

  publish(draft: Draft, keep: Keep): Promise<Receipt> {
    return this.store.publish(draft, keep)
  }

  listen(channel: Channel): Promise<Position> {
    return this.feeds.open(channel)
  }

  unlisten(channel: Channel): void {
    this.feeds.close(channel)
  }

  history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): Promise<HistoryPage> {
    return this.store.history(channel, after, keep, bounds)
  }

  state(channel: Channel, keep: Keep): Promise<ChannelState> {
    return this.store.state(channel, keep)
  }

  forget(channel: Channel): Promise<number> {
    // Before it is forgotten: who listens from now on listens to what begins then. One that is beginning learns where the
    // channel stands before or after, and is told what became of it as every other node is.
    if (!this.feeds.isOpening(channel)) this.feeds.close(channel)
    return this.store.forget(channel)
  }

  partOf(channel: Channel): string {
    return this.store.partitions.of(channel).tag
  }

  forgetSources(prefix: string): Promise<void> {
    return this.store.forgetSources(prefix)
  }

  channelsPage(from: string | null, limit: number): Promise<ChannelsPage> {
    return listChannels(this.redis, this.store.partitions, from, limit)
  }

  /** Throws while this node could miss a message, or could not publish one. */
  async probe(): Promise<void> {
    const { trouble, where } = this.redis
    if (trouble) throw unavailable(trouble, where)
    this.store.restartVote?.checkAll()
    await Promise.all(this.store.partitions.all.slice(0, 1).map(({ tag }) => this.redis.command(tag, "PING")))
  }

  close(): void | Promise<void> {
    this.closed = true
    clearInterval(this.upkeepTimer)
    this.feeds.stop()
    const { restartVote } = this.store
    if (!restartVote) return this.redis.close()
    return restartVote.stop().finally(() => this.redis.close())
  }

  private runUpkeep(): void {
    this.feeds.review()
    this.store.restartVote?.renew()
    const { all } = this.store.partitions
    const bytesMax = Math.floor(this.options.historyBytesMax / all.length)
    for (const partition of all) {
      if (this.underUpkeep.has(partition)) continue
      this.underUpkeep.add(partition)
      this.runUpkeepOf(partition, bytesMax)
        // Whoever publishes is told; there is nothing to clear in what cannot be reached.
        .catch(() => {})
        .finally(() => this.underUpkeep.delete(partition))
    }
  }

  /** A go after the other for as long as there is something to clear: what is published must not outrun it. */
  private async runUpkeepOf(partition: Partition, bytesMax: number): Promise<void> {
    for (let go = 0; go < goesMax && !this.closed; go++) {
      const report = await this.store.runUpkeep(
        partition,
        bytesMax,
        historyShareMax(bytesMax, this.options.limits),
      )
      this.reports.set(partition.tag, report)
      for (const channel of report.trimmed) this.options.onTrim?.(channel)
      if (!report.more) return
    }
  }

  private sayTrouble(): void {
    const { trouble } = this.redis
    // What a start has not reached yet is no trouble: `opened` says so when it lasts.
    if (trouble === null) this.say(null)
    else if (this.redis.wasUp || !trouble.passing) this.say(trouble.message)
  }

  private say(says: string | null): void {
    if (says === this.said) return
    const recovered = says === null && this.said !== null
    this.said = says
    if (says !== null || recovered) this.options.onTrouble?.(says)
  }
}
