// Asks where channels stand, many in one script and few scripts at a time: after an outage there are as many questions as
// channels, and Redis has others to serve meanwhile. Who waits for listening to begin is asked about first.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Partition } from "./partitions.ts"
import type { Store } from "./store.ts"

/** Channels in one question: some 3 ms of the server. */
const channelsPerQuestion = 300

/** Questions that wait for their answer: one is on its way while another is answered. In a Cluster some for each of its servers. */
const underWayMaxOf = (partitions: number): number => Math.max(2, partitions / 4)

/** A question that was not answered is asked again after that long. */
const askAgainMs = 500

/** Who wants to know. */
interface TailAsker {
  /** Whether somebody waits for listening to begin. */
  readonly isBeginning: boolean
  stands(tail: Position): void
}

interface TailQuestionsOptions {
  readonly store: Pick<Store, "tails" | "partitions">
  /** Who listens to a channel now. */
  readonly listeningOf: (channel: Channel) => TailAsker | undefined
}

type Asked = Map<Partition, Set<Channel>>

export class TailQuestions {
  private readonly options: TailQuestionsOptions
  private readonly beginning: Asked = new Map()
  private readonly others: Asked = new Map()
  private underWay = 0
  private armed = false
  private closed = false

  constructor(options: TailQuestionsOptions) {
    this.options = options
  }

  /** Asks where a channel stands, together with all that are asked about in this turn. */
  ask(channel: Channel): void {
    const { store, listeningOf } = this.options
    const asked = listeningOf(channel)?.isBeginning ? this.beginning : this.others
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
      const next = this.take(this.beginning) ?? this.take(this.others)
      if (!next) return
      void this.question(...next)
    }
  }

  /** The channels of the next question, all of one partition; null when there are none. */
  private take(asked: Asked): [Partition, Channel[]] | null {
    for (const [partition, channels] of asked) {
      const some: Channel[] = []
      for (const channel of channels) {
        if (some.length === channelsPerQuestion) break
        channels.delete(channel)
        if (this.options.listeningOf(channel)) some.push(channel)
      }
      // Behind the others, if there are more of it.
      asked.delete(partition)
      if (channels.size > 0) asked.set(partition, channels)
      if (some.length > 0) return [partition, some]
    }
    return null
  }

  private async question(partition: Partition, channels: readonly Channel[]): Promise<void> {
    const { store, listeningOf } = this.options
    // Who listens anew meanwhile has not been asked about.
    const asked = channels.map(listeningOf)
    this.underWay++
    try {
      const tails = await store.tails(partition, channels)
      for (const [index, tail] of tails.entries()) {
        const listening = listeningOf(channels[index] as Channel)
        if (listening && listening === asked[index]) listening.stands(tail)
      }
    } catch {
      // The link is down, and asks about all when it is up; or it was only this question.
      if (this.closed) return
      setTimeout(() => {
        for (const channel of channels) if (listeningOf(channel)) this.ask(channel)
      }, askAgainMs)
    } finally {
      this.underWay--
      this.flush()
    }
  }
}
