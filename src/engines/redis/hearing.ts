// All that this node hears: a listening a channel, and the questions where channels stand, many in one script. A question
// follows each time the ear is opened, and now and then without a reason: what should never be missed is looked for too.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { EngineEvents } from "../engine.ts"
import type { Link } from "./link.ts"
import { Listening } from "./listening.ts"
import type { Partition } from "./partitions.ts"
import { type Announcement, readAnnouncement } from "./record.ts"
import type { Routing, Store } from "./store.ts"
import { unavailable } from "./trouble.ts"

/** Channels in one question: some 3 ms of the server. */
const channelsPerQuestion = 300

/** How long listening may take to begin. */
const beginTimeoutMs = 5000

/** Each channel is asked about this often although nothing seems amiss. It also says that it is still in use. */
const reviewSeconds = 60

/** A question that was not answered is asked again after that long. */
const askAgainMs = 500

export interface HearingOptions {
  readonly link: Link
  readonly store: Store
  readonly routing: Routing
  readonly events: EngineEvents
}

export class Hearing {
  private readonly listenings = new Map<Channel, Listening>()
  /** Whose place is to be asked for in the next turn, by partition. */
  private readonly asking = new Map<Partition, Set<Channel>>()
  private readonly options: HearingOptions
  private armed = false
  private closed = false
  private reviewing: Iterator<Channel> | null = null

  constructor(options: HearingOptions) {
    this.options = options
    if (options.routing === "broadcast") this.hearEverything()
  }

  get size(): number {
    return this.listenings.size
  }

  /** Begins to listen. Resolves with where the channel stands; throws `engine_unavailable`. */
  async begin(channel: Channel): Promise<Position> {
    const { link, store, events, routing } = this.options
    const trouble = link.troubleAt(store.partitions.of(channel).tag)
    if (trouble) throw unavailable(trouble, link.where)
    const listening = new Listening(channel, events)
    this.listenings.set(channel, listening)
    if (routing === "targeted") this.hearChannel(channel)
    else this.ask(channel)
    const late = setTimeout(
      () => listening.fail(unavailable(new Error("it takes too long to listen"), link.where)),
      beginTimeoutMs,
    )
    try {
      return await listening.begun
    } catch (error) {
      if (this.listenings.get(channel) === listening) this.end(channel)
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  /** Whether somebody waits for listening to begin. */
  isBeginning(channel: Channel): boolean {
    return this.listenings.get(channel)?.isBeginning ?? false
  }

  end(channel: Channel): void {
    if (!this.listenings.delete(channel)) return
    const { link, store, routing } = this.options
    if (routing === "targeted") link.unlisten(store.partitions.of(channel).tag, store.placeOf(channel))
  }

  /** Asks about the next of the channels, as many as are due each second. */
  review(): void {
    const due = Math.ceil(this.listenings.size / reviewSeconds)
    for (let i = 0; i < due; i++) {
      this.reviewing ??= this.listenings.keys()
      const { done, value } = this.reviewing.next()
      if (done) this.reviewing = null
      else this.ask(value)
    }
  }

  close(): void {
    this.closed = true
  }

  private hearChannel(channel: Channel): void {
    const { link, store } = this.options
    link.listen(store.partitions.of(channel).tag, store.placeOf(channel), {
      heard: (payload) => this.heard(payload),
      joined: () => this.joined(channel),
    })
  }

  /** One Redis channel a partition, on which everything is announced. */
  private hearEverything(): void {
    const { link, store } = this.options
    for (const partition of store.partitions.all) {
      link.listen(partition.tag, "all", {
        heard: (payload) => this.heard(payload),
        joined: () => {
          for (const channel of this.listenings.keys())
            if (store.partitions.of(channel) === partition) this.joined(channel)
        },
      })
    }
  }

  private joined(channel: Channel): void {
    this.listenings.get(channel)?.joins()
    this.ask(channel)
  }

  private heard(payload: Buffer): void {
    let announcement: Announcement
    try {
      announcement = readAnnouncement(payload)
    } catch {
      // Somebody else publishes to our names; the numbers will tell whether anything is missing.
      return
    }
    this.listenings.get(announcement.channel)?.hear(announcement)
  }

  /** Asks where a channel stands, together with all that are asked about in this turn. */
  private ask(channel: Channel): void {
    const partition = this.options.store.partitions.of(channel)
    const known = this.asking.get(partition)
    if (known) known.add(channel)
    else this.asking.set(partition, new Set([channel]))
    if (this.armed) return
    this.armed = true
    setImmediate(() => {
      this.armed = false
      this.flush()
    })
  }

  private flush(): void {
    for (const [partition, asked] of this.asking) {
      const channels = [...asked].filter((channel) => this.listenings.has(channel))
      for (let at = 0; at < channels.length; at += channelsPerQuestion)
        void this.question(partition, channels.slice(at, at + channelsPerQuestion))
    }
    this.asking.clear()
  }

  private async question(partition: Partition, channels: readonly Channel[]): Promise<void> {
    // Who listens anew meanwhile has not been asked about.
    const asked = channels.map((channel) => this.listenings.get(channel))
    try {
      const tails = await this.options.store.tails(partition, channels)
      for (const [index, tail] of tails.entries()) {
        const channel = channels[index] as Channel
        const listening = this.listenings.get(channel)
        if (listening && listening === asked[index]) listening.stands(tail)
      }
    } catch {
      // The link is down, and asks about all when it is up; or it was only this question.
      if (this.closed) return
      setTimeout(() => {
        for (const channel of channels) if (this.listenings.has(channel)) this.ask(channel)
      }, askAgainMs)
    }
  }
}
