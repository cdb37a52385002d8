// All that this node hears: a listening a channel. Where a channel stands is asked each time the ear is opened, and now and
// then without a reason: what should never be missed is looked for too.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { EngineEvents } from "../engine.ts"
import type { Link } from "./link.ts"
import { Listening } from "./listening.ts"
import { type Announcement, readAnnouncement } from "./record.ts"
import type { Routing, Store } from "./store.ts"
import { TailQuestions } from "./tail-questions.ts"
import { unavailable } from "./trouble.ts"
import { UnlistenedChannels } from "./unlistened-channels.ts"

/** How long listening may take to begin. */
const beginTimeoutMs = 5000

/** Each channel is asked about this often although nothing seems amiss. It also says that it is still in use. */
const reviewSeconds = 60

interface HearingOptions {
  readonly link: Link
  readonly store: Store
  readonly routing: Routing
  readonly events: EngineEvents
}

export class Hearing {
  private readonly listenings = new Map<Channel, Listening>()
  private readonly questions: TailQuestions
  private readonly unlistened: UnlistenedChannels
  private readonly options: HearingOptions
  private reviewing: Iterator<Channel> | null = null

  constructor(options: HearingOptions) {
    this.options = options
    this.questions = new TailQuestions({
      store: options.store,
      listeningOf: (channel) => this.listenings.get(channel),
    })
    this.unlistened = new UnlistenedChannels({
      store: options.store,
      isHeard: (channel) => this.listenings.has(channel),
    })
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
    else this.questions.ask(channel)
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
    this.unlistened.add(channel)
  }

  /** Asks about the next of the channels, as many as are due each second. */
  review(): void {
    const due = Math.ceil(this.listenings.size / reviewSeconds)
    for (let i = 0; i < due; i++) {
      this.reviewing ??= this.listenings.keys()
      const { done, value } = this.reviewing.next()
      if (done) this.reviewing = null
      else this.questions.ask(value)
    }
  }

  close(): void {
    this.questions.close()
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
    this.questions.ask(channel)
  }

  private heard(payload: Buffer): void {
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
    this.listenings.get(channel)?.hear(announcement)
  }
}
