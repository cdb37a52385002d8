// Presence between nodes over Redis: announces what this node knows, as changes while all goes well and as a whole when
// something may have been lost, and observes the other nodes for the channels that somebody asks about.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import type {
  PresenceUpdate,
  PresenceReceiver,
  PresenceExchange,
  PresenceSource,
} from "../presence/presence-exchange.ts"
import { nodesUnavailable } from "./node-message.ts"
import { ObservedChannel } from "./observed-channel.ts"
import { PresenceStore, snapshotTtlMs } from "./presence-store.ts"

/** Channels of other nodes observed at once: asking for made-up names must not fill Redis with listeners. */
const observedMax = 20_000

/** Channels announced as a whole, or refreshed, before others get their turn. */
const sliceMax = 100

/** How often snapshots are kept for another time: a third of it, so that one that fails does no harm. */
const refreshMsUsual = snapshotTtlMs / 3

/** What came of each channel is compared with Redis this often although nothing seems amiss. */
const reviewSecondsUsual = 60

export interface RedisPresenceExchangeOptions {
  readonly redis: RedisClient
  /** This node. */
  readonly self: string
  readonly others: () => readonly string[]
  /** How often snapshots are kept for another time, in milliseconds. Default 5 minutes. */
  readonly refreshMs?: number
  /** How long it takes until each channel was compared with Redis. Default 60. */
  readonly reviewSeconds?: number
}

export class RedisPresenceExchange implements PresenceExchange {
  private readonly options: RedisPresenceExchangeOptions
  private readonly store: PresenceStore
  private source: PresenceSource | null = null
  /**
   * The number of the last announcement. One count for all channels: of a channel that was empty for a while and is forgotten
   * here, the next number is still beyond all that were announced.
   */
  private last = 0
  /** The number of the last announcement of each channel that this node has something to announce of. */
  private readonly numbers = new Map<Channel, number>()
  /** Channels of which an announcement was lost: announced as a whole as soon as that can be. */
  private readonly stale = new Set<Channel>()
  private mending = false
  private readonly observed = new Map<Channel, ObservedChannel>()
  private readonly refreshing: ReturnType<typeof setInterval>
  private readonly reviewing: ReturnType<typeof setInterval>
  private reviewed: Iterator<ObservedChannel> | null = null
  private readonly unwatch: () => void

  constructor(options: RedisPresenceExchangeOptions) {
    this.options = options
    this.store = new PresenceStore(options.redis)
    const { refreshMs = refreshMsUsual } = options
    this.refreshing = setInterval(() => void this.refreshAll(), refreshMs)
    this.reviewing = setInterval(() => this.review(), 1000)
    this.unwatch = options.redis.onChange(() => void this.mend())
  }

  begin(source: PresenceSource): void {
    this.source = source
  }

  announce(channel: Channel, update: PresenceUpdate): void {
    // Announced as a whole soon, with this in it.
    if (this.stale.has(channel)) return
    this.send(channel, update, false).catch(() => {
      this.stale.add(channel)
      void this.mend()
    })
  }

  async observe(channel: Channel, receiver: PresenceReceiver): Promise<void> {
    const { redis, self, others } = this.options
    if (redis.trouble) throw nodesUnavailable(redis.trouble.message)
    if (this.observed.size >= observedMax)
      throw new LabaError("too_many_requests", "Who is there is asked of too many channels at once.", {
        retryAfterSeconds: 10,
      })
    const observed = new ObservedChannel({ channel, receiver, self, others, store: this.store })
    this.observed.set(channel, observed)
    try {
      await observed.begin()
    } catch (error) {
      this.observed.delete(channel)
      observed.end(error)
      throw error
    }
  }

  unobserve(channel: Channel): void {
    this.observed.get(channel)?.end(nodesUnavailable("Nobody asks any more."))
    this.observed.delete(channel)
  }

  nodeJoined(node: string): void {
    for (const observed of this.observed.values()) observed.nodeJoined(node)
  }

  nodeLeft(node: string): void {
    for (const observed of this.observed.values()) observed.nodeLeft(node)
  }

  /** The others may have forgotten what this node has announced: it announces all of it again. */
  stateLost(): void {
    for (const channel of this.source?.channels() ?? []) this.stale.add(channel)
    void this.mend()
  }

  /** Tries again what could not be announced or read. */
  renewed(): void {
    void this.mend()
  }

  stop(): void {
    clearInterval(this.refreshing)
    clearInterval(this.reviewing)
    this.unwatch()
    for (const channel of [...this.observed.keys()]) this.unobserve(channel)
  }

  private async send(channel: Channel, update: PresenceUpdate, whole: boolean): Promise<void> {
    const before = this.numbers.get(channel) ?? 0
    const number = ++this.last
    this.numbers.set(channel, number)
    await this.store.announce(channel, { ...update, node: this.options.self, before, number, whole })
  }

  /** Reads what could not be read, and announces as a whole what could not be announced. Stops at the first that fails: the Redis client tells when it is back. */
  private async mend(): Promise<void> {
    if (this.options.redis.trouble) return
    for (const observed of this.observed.values()) observed.mend()
    if (this.mending) return
    this.mending = true
    try {
      while (this.stale.size > 0)
        await Promise.all([...this.stale].slice(0, sliceMax).map((one) => this.sendWhole(one)))
    } catch {
      // Those that are left stay stale.
    } finally {
      this.mending = false
    }
  }

  /** Compares the next of the channels with Redis, as many as are due each second. */
  private review(): void {
    const { redis, reviewSeconds = reviewSecondsUsual } = this.options
    if (redis.trouble) return
    for (let due = Math.ceil(this.observed.size / reviewSeconds); due > 0; due--) {
      this.reviewed ??= this.observed.values()
      const { done, value } = this.reviewed.next()
      if (done) this.reviewed = null
      else void value.review().catch(() => undefined)
    }
  }

  private async sendWhole(channel: Channel): Promise<void> {
    this.stale.delete(channel)
    const { members, guests } = this.source?.takeSnapshot(channel) ?? { members: [], guests: 0 }
    try {
      await this.send(channel, { joined: members, left: [], guests }, true)
    } catch (error) {
      this.stale.add(channel)
      throw error
    }
  }

  private async refresh(channel: Channel): Promise<void> {
    if (await this.store.refresh(channel, this.options.self)) return
    const known = this.source?.snapshot(channel)
    if (!known || (known.members.length === 0 && known.guests === 0)) return
    this.stale.add(channel)
    void this.mend()
  }

  private async refreshAll(): Promise<void> {
    const channels = [...(this.source?.channels() ?? [])]
    const here = new Set(channels)
    for (const channel of this.numbers.keys()) if (!here.has(channel)) this.numbers.delete(channel)
    for (let at = 0; at < channels.length; at += sliceMax) {
      const some = channels.slice(at, at + sliceMax)
      await Promise.all(some.map((channel) => this.refresh(channel))).catch(() => undefined)
    }
  }
}
