// The feed of one channel: what Redis announces of it to this node, from when on, and whether there is a hole in it. It hands on
// what follows what came before, and says of everything else that something was lost.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { EngineEvents } from "../engine.ts"
import { type Announcement, readRecord } from "./record.ts"

/** Messages kept until it is known where the channel stood when listening began. More are fetched instead. */
const bufferedMax = 256

/** How long an announcement may take longer than an answer. */
const onItsWayMs = 1000

export class ChannelFeed {
  readonly channel: Channel
  private readonly events: EngineEvents
  /** The newest message that was announced here; null until it is known where listening began. */
  private seen: Position | null = null
  /** Announced before it was known where listening began; null when too many were. */
  private buffered: Announcement[] | null = []
  /** The connection was another one a moment ago. */
  private interrupted = false
  private opening: PromiseWithResolvers<Position> | null
  /** Resolves with where the channel stands once all that comes after is announced here. */
  readonly opened: Promise<Position>

  constructor(channel: Channel, events: EngineEvents) {
    this.channel = channel
    this.events = events
    const opening = Promise.withResolvers<Position>()
    this.opening = opening
    this.opened = opening.promise
    // Given up before anybody waited for it, it fails for nobody.
    this.opened.catch(() => {})
  }

  /** Whether it is still to be learned where listening began. */
  get isOpening(): boolean {
    return this.seen === null
  }

  /** Where the channel stands now, whether that was announced here or not. At the first time listening begins there. */
  standsAt(tail: Position): void {
    const { seen, opening } = this
    if (seen) {
      if (this.reaches(tail)) {
        this.interrupted = false
        return
      }
      if (this.interrupted) return this.lost(tail)
      // What is announced takes another way than this answer, and may be on it.
      setTimeout(() => {
        if (!this.reaches(tail)) this.lost(tail)
      }, onItsWayMs).unref()
      return
    }
    this.seen = tail
    opening?.resolve(tail)
    // Whoever asked learns the position in the microtasks of this turn, and must know it before a message.
    setImmediate(() => {
      this.opening = null
      const { buffered } = this
      this.buffered = []
      for (const announcement of buffered ?? []) this.take(announcement)
      if (buffered === null) this.events.lost(this.channel)
    })
  }

  /** From now on everything is announced here; before that, something may have been missed. */
  resubscribed(): void {
    this.interrupted = this.seen !== null
  }

  /** Whether all up to there came. */
  private reaches(tail: Position): boolean {
    const { seen } = this
    return seen !== null && seen.epoch === tail.epoch && tail.offset <= seen.offset
  }

  private lost(tail: Position): void {
    this.interrupted = false
    this.seen = tail
    this.events.lost(this.channel)
  }

  /** Listening cannot begin. */
  fail(error: unknown): void {
    this.opening?.reject(error)
    this.opening = null
  }

  receive(announcement: Announcement): void {
    if (this.opening === null) return this.take(announcement)
    if (this.buffered === null) return
    this.buffered.push(announcement)
    if (this.buffered.length > bufferedMax) this.buffered = null
  }

  private take({ channel, epoch, offset, record }: Announcement): void {
    const { seen } = this
    // It never began.
    if (!seen) return
    if (seen.epoch === epoch && offset <= seen.offset) return
    const follows = seen.epoch === epoch && offset === seen.offset + 1
    this.seen = { epoch, offset }
    // Only a channel that was forgotten is announced without a message.
    if (offset === 0) return this.events.forgotten?.(channel)
    if (follows) this.events.deliver({ channel, epoch, offset, ...readRecord(record) })
    else this.events.lost(channel)
  }
}
