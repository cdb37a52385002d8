// Everybody on this node who listens to one channel: buckets of live listeners, each with its own position, over one
// short ring of messages, and those outside of them. Knows positions and what writing costs; refuses to know when it is
// its turn (fan-out.ts).
import type { Position } from "../../../wire/cursor.ts"
import type { History } from "../../../wire/frames.ts"
import type { Channel, Rule } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import { PreparedMessage } from "../prepared-message.ts"
import type { Counters } from "../../telemetry/counters.ts"
import type { GroupKind, Listener } from "../../transports/transport.ts"
import { type ListenerEvent, nextPhase } from "./listener-phase.ts"
import { Bucket } from "./bucket.ts"
import { isStarted, type Joining, phaseOf, stateOf, Ungrouped } from "./listener-state.ts"
import { Ring, RingBudget, ringMessagesMax, type SpareMessages } from "./ring.ts"

/** Messages the slowest bucket may lag before publishes to the channel wait. */
const lagMessagesMax = 128

/** The same in bytes, for a node that lets messages be bigger: 128 messages of 64 KiB are just this. */
const lagBytesMax = 8 * 1024 * 1024

/** Up to so many listeners are written to in the turn of the publish: a tenth of a slice. */
const immediateListenersMax = 100

/** Of a channel that nothing was published to since somebody listens. It is never pushed to, so all share it. */
const noRing = new Ring(new RingBudget({ ringBytesMax: 0 }))

/** What all audiences of a node share. */
export interface AudienceContext {
  readonly counters: Counters
  readonly rings: RingBudget
  /** Told what a join has cost beside the fan-out's turns, in microseconds: the next slice is the smaller for it. */
  readonly charge: (micros: number) => void
}

interface AudienceOptions {
  readonly channel: Channel
  readonly rule: Rule
  /** Where the engine began to deliver. */
  readonly position: Position
  readonly context: AudienceContext
}

export class Audience implements SpareMessages {
  readonly channel: Channel
  /** Another one after the rules have changed: everybody here then lives by it. */
  rule: Rule
  epoch: string
  /** Offset of the newest message delivered here. */
  head: number
  /** In the fan-out's queue. */
  queued = false
  private readonly context: AudienceContext
  private readonly buckets: Bucket<Audience>[] = []
  /** Listeners in no bucket: they read history, or skip until they have drained. */
  private ungrouped: Set<UngroupedListener> | null = null
  /** How many of them read history: the ring is kept for these. */
  private replaying = 0
  /** The last message, while somebody skips to it. */
  private newest: PreparedMessage | null = null
  /** The last messages up to `head`, without holes. */
  private ring: Ring = noRing
  /** The bucket that is served next; it moves on, so that under load none starves. */
  private next = 0
  private roomWaiters: (() => void)[] | null = null
  /** Somebody is on the way into a bucket that is served first: who leaves on being served must not close this behind them. */
  private isEntered = false

  constructor({ channel, rule, position, context }: AudienceOptions) {
    this.channel = channel
    this.rule = rule
    this.epoch = position.epoch
    this.head = position.offset
    this.context = context
  }

  /** Few listeners, all up to date, on a transport that joins by itself: serving them now costs less than a turn. */
  get immediate(): boolean {
    const [bucket] = this.buckets
    return (
      this.buckets.length === 1 &&
      bucket !== undefined &&
      bucket.kind.joins &&
      bucket.group.members.length <= immediateListenersMax &&
      !this.queued
    )
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.head }
  }

  get history(): History {
    return this.rule.keep === null ? "none" : "kept"
  }

  get listeners(): number {
    let count = this.ungrouped?.size ?? 0
    for (const bucket of this.buckets) count += bucket.group.members.length
    return count
  }

  get isEmpty(): boolean {
    return this.buckets.length === 0 && this.ungrouped === null && !this.isEntered
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

  /** The bucket has lost its last member. */
  dropBucket(bucket: Bucket<Audience>): void {
    const index = this.buckets.indexOf(bucket)
    if (index < 0) return
    this.buckets.splice(index, 1)
    if (index < this.next) this.next--
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
    let spent = 0
    for (let left = this.buckets.length; left > 0 && (spent === 0 || spent < budgetMicros); left--) {
      if (this.next >= this.buckets.length) this.next = 0
      const bucket = this.buckets[this.next]
      this.next++
      if (bucket && bucket.offset < this.head)
        spent += bucket.advance(this.ring, this.head, this.context.counters)
    }
    this.trim()
    return spent
  }

  /** All who are live. */
  live(): Listener[] {
    return this.buckets.flatMap((bucket) => [...bucket.group.members])
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
    for (const bucket of this.buckets) bucket.offset = position.offset
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

  private enterBucket(listener: Listener): void {
    this.isEntered = true
    let bucket = this.bucketFor(listener.kind)
    // Joining a bucket that lags would repeat messages. One whose members leave when they are served is not there any more.
    while (bucket.offset < this.head) {
      this.context.charge(bucket.advance(this.ring, this.head, this.context.counters))
      bucket = this.bucketFor(listener.kind)
    }
    bucket.group.add(listener)
    listener.hubState = bucket
    this.isEntered = false
  }

  private bucketFor(kind: GroupKind): Bucket<Audience> {
    // The newest buckets are the ones with room, and the likeliest to stand at the head.
    for (let i = this.buckets.length - 1; i >= 0; i--) {
      const bucket = this.buckets[i] as Bucket<Audience>
      if (bucket.kind === kind && !bucket.isFull) return bucket
    }
    const bucket = new Bucket(this, kind, this.head)
    this.buckets.push(bucket)
    return bucket
  }

  /** Messages that the slowest bucket lacks. */
  private lag(): number {
    let slowest = this.head
    for (const bucket of this.buckets) if (bucket.offset < slowest) slowest = bucket.offset
    return this.head - slowest
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
