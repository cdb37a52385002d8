// Everybody on this node who listens to one channel: buckets of listeners, each with its own position, over one short
// ring of messages. Knows positions and what writing costs; refuses to know when it is its turn (fan-out.ts).
import type { Position } from "../../wire/cursor.ts"
import type { History } from "../../wire/frames.ts"
import type { Channel, Rule } from "../channels/channel.ts"
import type { Message } from "../engines/engine.ts"
import { Entry } from "../protocols/protocol.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Group, GroupKind, Listener, SeatAudience, SeatBucket } from "../transports/transport.ts"

/** Listeners a bucket: enough that a write a bucket costs nothing beside the writes a listener, few enough to slice finely. */
const bucketListenersMax = 250

/** Messages a bucket is given in one turn. More would hold the loop for longer than a slice: measured in `bench/big-channel`. */
const batchMessagesMax = 32

/** Messages the slowest bucket may lag before publishes to the channel wait. Bounds the ring: 128 messages of 64 KiB are 8 MiB. */
const lagMessagesMax = 128

/** Up to so many listeners are written to in the turn of the publish: a tenth of a slice. */
const immediateListenersMax = 100

/** Messages kept for listeners that are catching up; one that falls out of it reads history again. */
const ringMessagesMax = 1024

class Bucket implements SeatBucket {
  readonly kind: GroupKind
  readonly group: Group
  /** Offset of the last message its listeners were given. */
  position: number

  constructor(kind: GroupKind, position: number) {
    this.kind = kind
    this.group = kind.make()
    this.position = position
  }
}

export interface AudienceOptions {
  readonly channel: Channel
  readonly rule: Rule
  /** Where the engine began to deliver. */
  readonly position: Position
  readonly counters: Counters
  /** Told what a join has cost beside the fan-out's turns, in microseconds: the next slice is the smaller for it. */
  readonly charge: (micros: number) => void
}

export class Audience implements SeatAudience {
  readonly channel: Channel
  /** Another one after the rules have changed: everybody here then lives by it. */
  rule: Rule
  epoch: string
  /** Offset of the newest message delivered here. */
  head: number
  listeners = 0
  /** Listeners that sit in no bucket: they read history, or skip until they have drained. */
  private unseated: Set<Listener> | null = null
  /** How many of them read history: the ring is kept for these. */
  private catchingUp = 0
  /** In the fan-out's queue. */
  queued = false
  newest: Entry | null = null
  private readonly counters: Counters
  private readonly charge: AudienceOptions["charge"]
  private readonly buckets: Bucket[] = []
  /** The last messages up to `head`, without holes. */
  private ring: Entry[] = []
  /** The bucket that is served next; it moves on, so that under load none starves. */
  private next = 0
  private roomWaiters: (() => void)[] | null = null

  constructor(options: AudienceOptions) {
    this.channel = options.channel
    this.rule = options.rule
    this.epoch = options.position.epoch
    this.head = options.position.offset
    this.counters = options.counters
    this.charge = options.charge
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

  /** True while publishes should wait. */
  get full(): boolean {
    return this.ring.length >= lagMessagesMax && this.head - this.slowestPosition() >= lagMessagesMax
  }

  /** True when the ring can take no more: what is published elsewhere does not wait while this is full. */
  get overfull(): boolean {
    return this.ring.length >= ringMessagesMax && this.head - this.slowestPosition() >= ringMessagesMax
  }

  /** Resolves when `full` may have become false. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.roomWaiters ??= []
      this.roomWaiters.push(resolve)
    })
  }

  push(message: Message): void {
    const entry = new Entry(message)
    this.ring.push(entry)
    this.newest = entry
    this.head = message.offset
  }

  /** What lies between `offset` and the head, or null when the ring no longer reaches back that far. */
  since(offset: number): readonly Entry[] | null {
    const missing = this.head - offset
    if (missing === 0) return []
    return missing <= this.ring.length ? this.ring.slice(this.ring.length - missing) : null
  }

  /** Puts a listener into a bucket that stands at the head, bringing one there first if need be. */
  seat(listener: Listener): void {
    let bucket = this.bucketFor(listener.kind)
    // Joining a bucket that lags would repeat messages. One whose members leave when they are served is not there any more.
    while (bucket.position < this.head) {
      this.charge(this.serve(bucket))
      bucket = this.bucketFor(listener.kind)
    }
    this.unseated?.delete(listener)
    bucket.group.add(listener)
    listener.bucket = bucket
  }

  /** Notes a listener that has no bucket for a while, so that it is not forgotten when everybody is told something. */
  hold(listener: Listener): void {
    this.unseated ??= new Set()
    this.unseated.add(listener)
  }

  /** From now on the ring is kept, whoever is up to date. Call `endCatchUp` once for each. */
  beginCatchUp(listener: Listener): void {
    this.hold(listener)
    this.catchingUp++
  }

  endCatchUp(): void {
    this.catchingUp--
    this.trim()
  }

  /** Offset of the last message a listener was given, as far as its bucket knows. */
  seatedAt(listener: Listener): number {
    return (listener.bucket as Bucket | null)?.position ?? this.head
  }

  /** Out of the bucket, or out of the set of those without one. */
  unseat(listener: Listener): void {
    this.unseated?.delete(listener)
    const bucket = listener.bucket as Bucket | null
    if (!bucket) return
    listener.bucket = null
    bucket.group.remove(listener)
    if (bucket.group.members.length === 0) this.buckets.splice(this.buckets.indexOf(bucket), 1)
  }

  /** Gives buckets what they lack until the budget is spent; at least one bucket. Returns the microseconds it should cost. */
  advance(budgetMicros: number): number {
    let spent = 0
    for (let left = this.buckets.length; left > 0 && (spent === 0 || spent < budgetMicros); left--) {
      if (this.next >= this.buckets.length) this.next = 0
      const bucket = this.buckets[this.next]
      this.next++
      if (bucket && bucket.position < this.head) spent += this.serve(bucket)
    }
    this.trim()
    return spent
  }

  /** True while a bucket lacks a message. */
  get lags(): boolean {
    return this.ring.length > 0 && this.slowestPosition() < this.head
  }

  /** Everybody who sits in a bucket. */
  seated(): Listener[] {
    return this.buckets.flatMap((bucket) => [...bucket.group.members])
  }

  everybody(): Listener[] {
    return this.unseated ? [...this.seated(), ...this.unseated] : this.seated()
  }

  /** The numbering started again, or more was missed than can be given: nothing in the ring is of use. */
  restart(position: Position): void {
    this.epoch = position.epoch
    this.head = position.offset
    this.ring = []
    this.newest = null
    for (const bucket of this.buckets) bucket.position = position.offset
    this.releaseWaiters()
  }

  private serve(bucket: Bucket): number {
    const { ring, head } = this
    const from = ring.length - (head - bucket.position)
    const to = Math.min(from + batchMessagesMax, ring.length)
    const entries = from === 0 && to === ring.length ? ring : ring.slice(from, to)
    const size = bucket.group.members.length
    bucket.position += entries.length
    this.counters.delivered += size * entries.length
    this.counters.deliveredBytes += size * payloadBytes(entries)
    // Members may leave while they are written to (a poll is answered once), so the bucket may be empty afterwards.
    bucket.group.write(entries)
    if (bucket.group.members.length === 0) {
      const index = this.buckets.indexOf(bucket)
      if (index >= 0) this.buckets.splice(index, 1)
    }
    return size * (bucket.kind.writeMicros + bucket.kind.messageMicros * entries.length)
  }

  private bucketFor(kind: GroupKind): Bucket {
    // The newest buckets are the ones with room, and the likeliest to stand at the head.
    for (let i = this.buckets.length - 1; i >= 0; i--) {
      const bucket = this.buckets[i] as Bucket
      if (bucket.kind === kind && bucket.group.members.length < bucketListenersMax) return bucket
    }
    const bucket = new Bucket(kind, this.head)
    this.buckets.push(bucket)
    return bucket
  }

  private slowestPosition(): number {
    let slowest = this.head
    for (const bucket of this.buckets) if (bucket.position < slowest) slowest = bucket.position
    return slowest
  }

  private trim(): void {
    const lag = this.head - this.slowestPosition()
    const keep = this.catchingUp > 0 ? Math.max(lag, Math.min(this.ring.length, ringMessagesMax)) : lag
    if (keep === 0) this.ring = []
    else if (keep < this.ring.length) this.ring = this.ring.slice(this.ring.length - keep)
    if (lag < lagMessagesMax) this.releaseWaiters()
  }

  private releaseWaiters(): void {
    const waiters = this.roomWaiters
    this.roomWaiters = null
    if (waiters) for (const resolve of waiters) resolve()
  }
}

/** Of payload, without what a protocol adds. */
export function payloadBytes(entries: readonly Entry[]): number {
  let bytes = 0
  for (const { message } of entries) bytes += message.bytes
  return bytes
}
