// One channel's numbers and messages. Knows nothing of other channels, of listeners or of the node's budget.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { BudgetOwner } from "../budget-owners.ts"
import type { Draft, Message, HistoryPage, PageBounds } from "../engine.ts"

/** What a message costs in memory beside its payload: object, id, array place. Measured, rounded up. */
const messageOverheadBytes = 200

/** What a channel costs with no message at all: log, map entry, name. Measured, rounded up. */
const channelOverheadBytes = 360

export class ChannelLog {
  readonly channel: Channel
  readonly epoch: string
  /** Offset of the newest message ever numbered; 0 before the first. */
  head = 0
  /** Payload bytes that are kept. */
  bytes = 0
  listened = false
  // The place in the budget's list of channels by last use. Kept here so that a channel costs no extra object.
  older: ChannelLog | null = null
  newer: ChannelLog | null = null
  list = -1
  /** Who answers for it in the budget; null where the budget as a whole is the only bound. */
  owner: BudgetOwner<ChannelLog> | null = null
  usedAt = 0
  private messages: Message[] = []
  /** Index of the oldest kept message; what lies before it is dropped in strides, not one by one. */
  private start = 0

  constructor(channel: Channel, epoch: string) {
    this.channel = channel
    this.epoch = epoch
  }

  get tail(): Position {
    return { epoch: this.epoch, offset: this.head }
  }

  get kept(): number {
    return this.messages.length - this.start
  }

  /**
   * What this log counts for in the node's budget: what would be free if it went. While somebody listens the numbers cannot go;
   * how many names may be listened to is bounded by itself (`listenedChannelsMax`), and is nobody's history's affair.
   */
  get cost(): number {
    return (this.listened ? 0 : channelOverheadBytes) + this.bytes + this.kept * messageOverheadBytes
  }

  number(draft: Draft, now: number): Message {
    this.head++
    return {
      channel: this.channel,
      epoch: this.epoch,
      offset: this.head,
      type: draft.type,
      data: draft.data,
      bytes: draft.bytes,
      ...(draft.headers && { headers: draft.headers }),
      id: draft.id,
      time: now,
    }
  }

  append(message: Message): void {
    this.messages.push(message)
    this.bytes += message.bytes
  }

  /** Drops what the rule no longer keeps. */
  trim(keep: Keep, now: number): void {
    if (keep === null) return this.clear()
    const expired = now - keep.timeMs
    while (this.kept > 0) {
      const oldest = this.messages[this.start] as Message
      if (this.kept <= keep.count && this.bytes <= keep.bytes && oldest.time >= expired) break
      this.bytes -= oldest.bytes
      this.start++
    }
    if (this.start === this.messages.length) this.clear()
    else if (this.start > 32 && this.start * 2 > this.messages.length) {
      this.messages.splice(0, this.start)
      this.start = 0
    }
  }

  clear(): void {
    if (this.messages.length > 0) this.messages = []
    this.start = 0
    this.bytes = 0
  }

  newest(): Message | null {
    return this.messages[this.messages.length - 1] ?? null
  }

  /** The messages after `after`. Work grows with what is returned, not with what is stored: offsets have no holes. */
  page(after: Position, keep: Keep, bounds: PageBounds): HistoryPage {
    const tail = this.tail
    if (keep === null) return { reset: "no-history", tail }
    if (after.epoch !== this.epoch || after.offset > this.head) return { reset: "epoch", tail }
    const missed = this.head - after.offset
    if (missed > this.kept) return { reset: "trimmed", tail }
    const messages: Message[] = []
    let bytes = 0
    for (let i = this.messages.length - missed; i < this.messages.length; i++) {
      const message = this.messages[i] as Message
      if (messages.length > 0 && (messages.length >= bounds.messages || bytes + message.bytes > bounds.bytes))
        break
      messages.push(message)
      bytes += message.bytes
    }
    return { messages, more: messages.length < missed, tail }
  }
}
