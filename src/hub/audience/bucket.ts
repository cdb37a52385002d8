// Live listeners of one kind, which stand at one position and are written to at once.
import type { Counters } from "../../telemetry/counters.ts"
import type { Group, GroupKind, ListenerState } from "../../transports/transport.ts"
import { payloadBytes } from "../prepared-message.ts"
import type { Ring } from "./ring.ts"

/** Listeners a bucket: enough that a write a bucket costs nothing beside the writes a listener, few enough to slice finely. */
const listenersMax = 250

/** Messages a bucket is given in one turn. More would hold the loop for longer than a slice: measured in `bench/big-channel`. */
const batchMessagesMax = 32

/** `In`: the audience that it is a part of. */
export class Bucket<In = unknown> implements ListenerState {
  readonly audience: In
  readonly kind: GroupKind
  readonly group: Group
  /** Offset of the last message its listeners were given. */
  offset: number

  constructor(audience: In, kind: GroupKind, offset: number) {
    this.audience = audience
    this.kind = kind
    this.group = kind.make()
    this.offset = offset
  }

  // No field: there may be a million buckets of one listener each.
  get phase(): "live" {
    return "live"
  }

  get isFull(): boolean {
    return this.group.members.length >= listenersMax
  }

  /** Gives its listeners what they lack up to `head`, a batch at most. Returns the microseconds it should cost. */
  advance(ring: Ring, head: number, counters: Counters): number {
    const messages = ring.page(head - this.offset, batchMessagesMax)
    const size = this.group.members.length
    this.offset += messages.length
    counters.delivered += size * messages.length
    counters.deliveredBytes += size * payloadBytes(messages)
    // Members may leave while they are written to (a poll is answered once); the last one takes the bucket with it.
    this.group.write(messages)
    return size * (this.kind.writeMicros + this.kind.messageMicros * messages.length)
  }
}
