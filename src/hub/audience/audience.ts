// Everybody on this node who listens to one channel: those who are live, in their buckets (buckets.ts), over one short ring of
// messages, and those who read history or skip. Knows positions and what may lag; refuses to know when it is its turn (fan-out.ts).
import type { Position } from "../../../wire/cursor.ts"
import type { History } from "../../../wire/frames.ts"
import type { Channel, Rule } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { PreparedMessage } from "../prepared-message.ts"
import type { Listener } from "../../transports/transport.ts"
import { type ListenerEvent, nextPhase } from "./listener-phase.ts"
import type { Bucket } from "./bucket.ts"
import { Buckets, type BucketsContext } from "./buckets.ts"
import { isStarted, type Joining, phaseOf, stateOf, Ungrouped } from "./listener-state.ts"
import { Ring, RingBudget, ringMessagesMax, type SpareMessages } from "./ring.ts"

/** Messages the slowest bucket may lag before publishes to the channel wait. */
const lagMessagesMax = 128

/** The same in bytes, for a node that lets messages be bigger: 128 messages of 64 KiB are just this. */
const lagBytesMax = 8 * 1024 * 1024

/** Of a channel that nothing was published to since somebody listens. It is never pushed to, so all share it. */
const noRing = new Ring(new RingBudget({ ringBytesMax: 0 }))

/** What all audiences of a node share. */
export interface AudienceContext extends BucketsContext {
  readonly rings: RingBudget
}

interface AudienceOptions {
  readonly channel: Channel
  readonly rule: Rule
  /** Where the engine began to deliver. */
  readonly position: Position
  readonly context: AudienceContext
}

export class Audience extends Buckets implements SpareMessages {
  readonly channel: Channel
  /** Another one after the rules have changed: everybody here then lives by it. */
  rule: Rule
  epoch: string
  /** Offset of the newest message delivered here. */
  head: number
  protected readonly context: AudienceContext
  /** Listeners in no bucket: they read history, or skip until they have drained. */
  private ungrouped: Set<UngroupedListener> | null = null
  /** How many of them read history: the ring is kept for these. */
  private replaying = 0
  /** The last message, while somebody skips to it. */
  private newest: PreparedMessage | null = null
  /** The last messages up to `head`, without holes. */
  protected ring: Ring = noRing
  private roomWaiters: (() => void)[] | null = null

  constructor({ channel, rule, position, context }: AudienceOptions) {
    super()
    this.channel = channel
    this.rule = rule
    this.epoch = position.epoch
    this.head = position.offset
    this.context = context
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.head }
  }

  get history(): History {
    return this.rule.keep === null ? "none" : "kept"
  }

  get listeners(): number {
    return this.liveCount + (this.ungrouped?.size ?? 0)
  }

  get isEmpty(): boolean {
    return this.hasNoBucket && this.ungrouped === null
  }

  /** True while publishes should wait. */
  get full(): boolean {
    return this.lagsBy(lagMessagesMax)
  }

  /** True when the ring can take no more: what is published elsewhere does not wait while this is full. */
  get overfull(): boolean {
    return this.lagsBy(ringMessagesMax)
  }

  /** True while a bucket lacks a message. */
  get lags(): boolean {
    return this.ring.length > 0 && this.lag() > 0
  }

  /** Resolves when `full` may have become false. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.roomWaiters ??= []
      this.roomWaiters.push(resolve)
    })
  }

  push(message: Message): void {
    const prepared = new PreparedMessage(message)
    if (this.ring === noRing) this.ring = new Ring(this.context.rings)
    this.ring.push(prepared)
    this.head = message.offset
    if (this.ungrouped && this.ungrouped.size > this.replaying) this.newest = prepared
    const { rings } = this.context
    if (rings.isSpent) rings.relieve()
  }

  /** What lies between `offset` and the head, or null when the ring no longer reaches back that far. */
  since(offset: number): readonly PreparedMessage[] | null {
    return this.ring.last(this.head - offset)
  }

  /**
   * Moves a listener to the phase that the event leads to; it stands at `position` when it is not live then. False when
   * the event changes nothing. A live listener stands at the head: its bucket is brought there first if need be.
   */
  move(
    listener: Listener,
    event: Extract<ListenerEvent, "behind" | "at-head" | "pause" | "skip">,
    position: Position = this.position,
  ): boolean {
    const phase = nextPhase(phaseOf(listener), event)
    if (phase === phaseOf(listener)) return false
    const started = isStarted(listener)
    detach(listener)
    if (phase === "live") this.enterBucket(listener)
    else if (phase === "replaying" || phase === "skipping") {
      const ungrouped = new Ungrouped(phase, { audience: this, listener, position, started })
      listener.hubState = ungrouped
      this.ungrouped ??= new Set()
      this.ungrouped.add(ungrouped)
      if (phase === "replaying") this.replaying++
      // What its bucket lacked and skips is in the ring; what comes is noted.
      else this.newest ??= this.ring.newest
    }
    return true
  }

  /** The newest message, if it came after `position` and is at hand. */
  newestAfter(position: Position): PreparedMessage | null {
    return this.newest && this.newest.message.offset > position.offset ? this.newest : null
  }

  /** It is in a bucket now, or gone. */
  dropUngrouped(ungrouped: UngroupedListener): void {
    const { ungrouped: all } = this
    if (!all?.delete(ungrouped)) return
    if (all.size === 0) this.ungrouped = null
    if (ungrouped.phase === "replaying") {
      this.replaying--
      if (this.replaying === 0) {
        this.context.rings.keepsSpare(this, false)
        this.trim()
      }
    }
    if (all.size === this.replaying) this.newest = null
  }

  /** Gives buckets what they lack until the budget is spent; at least one bucket. Returns the microseconds it should cost. */
  advance(budgetMicros: number): number {
    const spent = this.serveBuckets(budgetMicros)
    this.trim()
    return spent
  }

  everybody(): Listener[] {
    const live = this.live()
    return this.ungrouped ? [...live, ...Array.from(this.ungrouped, ({ listener }) => listener)] : live
  }

  /** The numbering started again, or more was missed than can be given: nothing in the ring is of use. */
  restart(position: Position): void {
    this.epoch = position.epoch
    this.head = position.offset
    this.ring.keep(0)
    this.context.rings.keepsSpare(this, false)
    this.newest = null
    this.moveBuckets(position.offset)
    this.releaseWaiters()
  }

  /** Nobody is here any more: what the ring holds is given back. */
  close(): void {
    this.ring.keep(0)
    this.context.rings.keepsSpare(this, false)
    this.releaseWaiters()
  }

  dropSpare(): void {
    this.ring.keep(this.lag())
  }

  /** Whether the slowest bucket lacks so many messages, or too many bytes for this channel or for the node. */
  private lagsBy(messages: number): boolean {
    const { ring } = this
    const { rings } = this.context
    if (ring.length < messages && ring.bytes < lagBytesMax && !rings.isSpent) return false
    const lag = this.lag()
    return lag >= messages || (lag > 0 && (rings.isSpent || ring.bytesOfLast(lag) >= lagBytesMax))
  }

  private trim(): void {
    const lag = this.lag()
    if (this.replaying > 0) {
      this.ring.trimSpare(lag)
      this.context.rings.keepsSpare(this, this.ring.length > lag)
    } else this.ring.keep(lag)
    if (lag < lagMessagesMax) this.releaseWaiters()
  }

  private releaseWaiters(): void {
    const waiters = this.roomWaiters
    this.roomWaiters = null
    if (waiters) for (const resolve of waiters) resolve()
  }
}

/** A listener of an audience that is in none of its buckets. */
export type UngroupedListener = Ungrouped<Audience>

const stateIn = (listener: Listener): Joining | UngroupedListener | Bucket<Audience> | null =>
  stateOf(listener) as Joining | UngroupedListener | Bucket<Audience> | null

/** What it listens to, or is about to; null while it is gone. */
export function channelOf(listener: Listener): Channel | null {
  const state = stateIn(listener)
  if (!state) return null
  return "audience" in state ? state.audience.channel : state.channel
}

/** Where it is, once its channel is open. */
export function audienceOf(listener: Listener): Audience | null {
  const state = stateIn(listener)
  return state && "audience" in state ? state.audience : null
}

/** Takes a listener out of where it is. */
export function detach(listener: Listener): void {
  const state = stateIn(listener)
  listener.hubState = null
  switch (state?.phase) {
    case "live":
      state.group.remove(listener)
      if (state.group.members.length === 0) state.audience.dropBucket(state)
      return
    case "replaying":
    case "skipping":
      return state.audience.dropUngrouped(state)
    case "joining":
    case undefined:
  }
}
