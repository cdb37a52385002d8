// The feeds of this node: for each channel that is listened to, what Redis announces of it. Where the channel stands is asked each
// time that is subscribed to, and now and then without a reason: what should never be missed is looked for too.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { EngineEvents } from "../engine.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import { ChannelFeed } from "./channel-feed.ts"
import { type Announcement, readAnnouncement } from "./record.ts"
import type { Routing, RedisStore } from "./redis-store.ts"
import { TailQueries } from "./tail-queries.ts"
import { unavailable } from "../../redis/redis-errors.ts"
import { UnlistenedChannels } from "./unlistened-channels.ts"

/** How long listening may take to begin. */
const beginTimeoutMs = 5000

/** Each channel is asked about this often although nothing seems amiss. It also says that it is still in use. */
const reviewSeconds = 60

interface ChannelFeedsOptions {
  readonly redis: RedisClient
  readonly store: RedisStore
  readonly routing: Routing
  readonly events: EngineEvents
}

export class ChannelFeeds {
  private readonly feeds = new Map<Channel, ChannelFeed>()
  private readonly tailQueries: TailQueries
  private readonly unlistened: UnlistenedChannels
  private readonly options: ChannelFeedsOptions
  private reviewing: Iterator<Channel> | null = null

  constructor(options: ChannelFeedsOptions) {
    this.options = options
    this.tailQueries = new TailQueries({
      store: options.store,
      feedOf: (channel) => this.feeds.get(channel),
    })
    this.unlistened = new UnlistenedChannels({
      store: options.store,
      isListenedTo: (channel) => this.feeds.has(channel),
    })
    if (options.routing === "broadcast") this.subscribeToAll()
  }

  /** Begins to listen to a channel. Resolves with where the channel stands; throws `engine_unavailable`. */
  async open(channel: Channel): Promise<Position> {
    const { redis, store, events, routing } = this.options
    const trouble = redis.troubleAt(store.partitions.of(channel).tag)
    if (trouble) throw unavailable(trouble, redis.where)
    const feed = new ChannelFeed(channel, events)
    this.feeds.set(channel, feed)
    if (routing === "targeted") this.subscribeTo(channel)
    else this.tailQueries.ask(channel)
    const late = setTimeout(
      () => feed.fail(unavailable(new Error("it takes too long to listen"), redis.where)),
      beginTimeoutMs,
    )
    try {
      return await feed.opened
    } catch (error) {
      if (this.feeds.get(channel) === feed) this.close(channel)
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  /** Whether somebody waits for listening to begin. */
  isOpening(channel: Channel): boolean {
    return this.feeds.get(channel)?.isOpening ?? false
  }

  close(channel: Channel): void {
    if (!this.feeds.delete(channel)) return
    const { redis, store, routing } = this.options
    if (routing === "targeted")
      redis.unsubscribe(store.partitions.of(channel).tag, store.announceNameOf(channel))
    this.unlistened.add(channel)
  }

  /** Asks about the next of the channels, as many as are due each second. */
  review(): void {
    const due = Math.ceil(this.feeds.size / reviewSeconds)
    for (let i = 0; i < due; i++) {
      this.reviewing ??= this.feeds.keys()
      const { done, value } = this.reviewing.next()
      if (done) this.reviewing = null
      else this.tailQueries.ask(value)
    }
  }

  stop(): void {
    this.tailQueries.close()
  }

  private subscribeTo(channel: Channel): void {
    const { redis, store } = this.options
    redis.subscribe(store.partitions.of(channel).tag, store.announceNameOf(channel), {
      received: (payload) => this.received(payload),
      subscribed: () => this.subscribed(channel),
    })
  }

  /** One Redis channel a partition, on which everything is announced. */
  private subscribeToAll(): void {
    const { redis, store } = this.options
    for (const partition of store.partitions.all) {
      redis.subscribe(partition.tag, "all", {
        received: (payload) => this.received(payload),
        subscribed: () => {
          for (const channel of this.feeds.keys())
            if (store.partitions.of(channel) === partition) this.subscribed(channel)
        },
      })
    }
  }

  private subscribed(channel: Channel): void {
    this.feeds.get(channel)?.resubscribed()
    this.tailQueries.ask(channel)
  }

  private received(payload: Buffer): void {
    let announcement: Announcement
    try {
      announcement = readAnnouncement(payload)
    } catch {
      // Somebody else publishes to our names; the numbers will tell whether anything is missing.
      return
    }
    const { channel, count } = announcement
    const { restartVote, partitions } = this.options.store
    if (restartVote && count !== undefined) restartVote.saw(partitions.of(channel), count)
    this.feeds.get(channel)?.receive(announcement)
  }
}
