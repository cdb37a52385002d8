// The live listeners of one audience: buckets, each with its own position, which are served in turn. An audience is one and does
// not have one, since there may be a million.
import type { Counters } from "../../telemetry/counters.ts"
import type { GroupKind, Listener } from "../../transports/transport.ts"
import { Bucket } from "./bucket.ts"
import type { Ring } from "./ring.ts"

/** Up to so many listeners are written to in the turn of the publish: a tenth of a slice. */
const immediateListenersMax = 100

export interface BucketsContext {
  readonly counters: Counters
  /** Told what a join has cost beside the fan-out's turns, in microseconds: the next slice is the smaller for it. */
  readonly charge: (micros: number) => void
}

export abstract class Buckets {
  /** In the fan-out's queue. */
  queued = false
  private readonly buckets: Bucket<this>[] = []
  /** The bucket that is served next; it moves on, so that under load none starves. */
  private next = 0
  /** Somebody is on the way into a bucket that is served first: who leaves on being served must not close this behind them. */
  private isEntered = false

  /** Offset of the newest message. */
  abstract head: number
  /** The last messages up to `head`, all that a bucket may lack among them. */
  protected abstract ring: Ring
  protected abstract readonly context: BucketsContext

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

  protected get liveCount(): number {
    let count = 0
    for (const bucket of this.buckets) count += bucket.group.members.length
    return count
  }

  /** Nobody is live, or about to be. */
  protected get hasNoBucket(): boolean {
    return this.buckets.length === 0 && !this.isEntered
  }

  /** All who are live. */
  live(): Listener[] {
    return this.buckets.flatMap((bucket) => [...bucket.group.members])
  }

  /** The bucket has lost its last member. */
  dropBucket(bucket: Bucket<this>): void {
    const index = this.buckets.indexOf(bucket)
    if (index < 0) return
    this.buckets.splice(index, 1)
    if (index < this.next) this.next--
  }

  /** Serves buckets in turn until the budget is spent, at least one. Returns the microseconds it should cost. */
  protected serveBuckets(budgetMicros: number): number {
    let spent = 0
    for (let left = this.buckets.length; left > 0 && (spent === 0 || spent < budgetMicros); left--) {
      if (this.next >= this.buckets.length) this.next = 0
      const bucket = this.buckets[this.next]
      this.next++
      if (bucket && bucket.offset < this.head)
        spent += bucket.advance(this.ring, this.head, this.context.counters)
    }
    return spent
  }

  /** What lies before the offset is given to none of them. */
  protected moveBuckets(offset: number): void {
    for (const bucket of this.buckets) bucket.offset = offset
  }

  /** Makes a listener live at the head. */
  protected enterBucket(listener: Listener): void {
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

  private bucketFor(kind: GroupKind): Bucket<this> {
    // The newest buckets are the ones with room, and the likeliest to stand at the head.
    for (let i = this.buckets.length - 1; i >= 0; i--) {
      const bucket = this.buckets[i] as Bucket<this>
      if (bucket.kind === kind && !bucket.isFull) return bucket
    }
    const bucket = new Bucket(this, kind, this.head)
    this.buckets.push(bucket)
    return bucket
  }

  /** Messages that the slowest bucket lacks. */
  protected lag(): number {
    let slowest = this.head
    for (const bucket of this.buckets) if (bucket.offset < slowest) slowest = bucket.offset
    return this.head - slowest
  }
}
