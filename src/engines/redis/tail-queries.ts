// Asks where channels stand, many in one script and few scripts at a time: after an outage there are as many of them as
// channels, and Redis has others to serve meanwhile. Who waits for listening to begin is asked about first.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Partition } from "./partitions.ts"
import type { RedisStore } from "./redis-store.ts"

/** Channels in one query: some 3 ms of the server. */
const channelsPerQuery = 300

/** Queries that wait for their answer: one is on its way while another is answered. In a Cluster some for each of its servers. */
const underWayMaxOf = (partitions: number): number => Math.max(2, partitions / 4)

/** A query that was not answered is asked again after that long. */
const askAgainMs = 500

/** Who wants to know. */
interface TailAsker {
  /** Whether somebody waits for listening to begin. */
  readonly isOpening: boolean
  standsAt(tail: Position): void
}

interface TailQueriesOptions {
  readonly store: Pick<RedisStore, "tails" | "partitions">
  /** Who listens to a channel now. */
  readonly feedOf: (channel: Channel) => TailAsker | undefined
}

type Asked = Map<Partition, Set<Channel>>

export class TailQueries {
  private readonly options: TailQueriesOptions
  private readonly opening: Asked = new Map()
  private readonly others: Asked = new Map()
  private underWay = 0
  private armed = false
  private closed = false

  constructor(options: TailQueriesOptions) {
    this.options = options
  }

  /** Asks where a channel stands, together with all that are asked about in this turn. */
  ask(channel: Channel): void {
    const { store, feedOf } = this.options
    const asked = feedOf(channel)?.isOpening ? this.opening : this.others
    const partition = store.partitions.of(channel)
    const known = asked.get(partition)
    if (known) known.add(channel)
    else asked.set(partition, new Set([channel]))
    if (this.armed) return
    this.armed = true
    setImmediate(() => {
      this.armed = false
      this.flush()
    })
  }

  close(): void {
    this.closed = true
  }

  private flush(): void {
    const underWayMax = underWayMaxOf(this.options.store.partitions.all.length)
    while (!this.closed && this.underWay < underWayMax) {
      const next = this.take(this.opening) ?? this.take(this.others)
      if (!next) return
      void this.query(...next)
    }
  }

  /** The channels of the next query, all of one partition; null when there are none. */
  private take(asked: Asked): [Partition, Channel[]] | null {
    for (const [partition, channels] of asked) {
      const some: Channel[] = []
      for (const channel of channels) {
        if (some.length === channelsPerQuery) break
        channels.delete(channel)
        if (this.options.feedOf(channel)) some.push(channel)
      }
      // Behind the others, if there are more of it.
      asked.delete(partition)
      if (channels.size > 0) asked.set(partition, channels)
      if (some.length > 0) return [partition, some]
    }
    return null
  }

  private async query(partition: Partition, channels: readonly Channel[]): Promise<void> {
    const { store, feedOf } = this.options
    // Who listens anew meanwhile has not been asked about.
    const asked = channels.map(feedOf)
    this.underWay++
    try {
      const tails = await store.tails(partition, channels)
      for (const [index, tail] of tails.entries()) {
        const feed = feedOf(channels[index] as Channel)
        if (feed && feed === asked[index]) feed.standsAt(tail)
      }
    } catch {
      // Redis is away, and asks about all when it is up; or it was only this query.
      if (this.closed) return
      setTimeout(() => {
        for (const channel of channels) if (feedOf(channel)) this.ask(channel)
      }, askAgainMs)
    } finally {
      this.underWay--
      this.flush()
    }
  }
}
