// The last messages of one channel, for listeners that lag or read history. Bounded in messages and bytes, over all
// channels of the node too. Knows sizes; refuses to know who needs what.
import type { PreparedMessage } from "../prepared-message.ts"

/** Messages kept for listeners that read history; one that falls out of the ring reads on in the engine. */
export const ringMessagesMax = 1024

/** Bytes of one channel's ring. Twice what may lag in messages of 64 KiB, so that such a channel is not held up by it. */
export const channelRingBytesMax = 16 * 1024 * 1024

/** What a message costs beside its payload. */
const entryOverheadBytes = 256

const costOf = (prepared: PreparedMessage): number => prepared.message.bytes + entryOverheadBytes

/** Something that keeps more than it must, and can be asked to let it go. */
export interface SpareMessages {
  /** Drops what no listener waits for in its bucket. */
  dropSpare(): void
}

/** What the rings of a node may hold together. */
export class RingBudget {
  bytes = 0
  private readonly limits: { readonly ringBytesMax: number }
  /** In the order in which they began to keep it. */
  private readonly spare = new Set<SpareMessages>()

  constructor(limits: { readonly ringBytesMax: number }) {
    this.limits = limits
  }

  get isSpent(): boolean {
    return this.bytes >= this.limits.ringBytesMax
  }

  keepsSpare(holder: SpareMessages, keeps: boolean): void {
    if (keeps) this.spare.add(holder)
    else this.spare.delete(holder)
  }

  /** Lets go of what may go, until the budget holds or nothing is left to go. */
  relieve(): void {
    for (const holder of this.spare) {
      if (!this.isSpent) return
      this.spare.delete(holder)
      holder.dropSpare()
    }
  }
}

export class Ring {
  /** Without holes; the last one is the newest. */
  private messages: PreparedMessage[] = []
  private held = 0
  private readonly budget: RingBudget

  constructor(budget: RingBudget) {
    this.budget = budget
  }

  get length(): number {
    return this.messages.length
  }

  /** What its messages cost. */
  get bytes(): number {
    return this.held
  }

  get newest(): PreparedMessage | null {
    return this.messages[this.messages.length - 1] ?? null
  }

  push(prepared: PreparedMessage): void {
    const cost = costOf(prepared)
    this.messages.push(prepared)
    this.held += cost
    this.budget.bytes += cost
  }

  /** The last `count`, or null when it does not reach back that far. */
  last(count: number): readonly PreparedMessage[] | null {
    const { messages } = this
    if (count > messages.length) return null
    return count === messages.length ? messages : messages.slice(messages.length - count)
  }

  /** Of the last `count`, the first `most`. */
  page(count: number, most: number): readonly PreparedMessage[] {
    const { messages } = this
    const from = messages.length - count
    const to = Math.min(from + most, messages.length)
    return from === 0 && to === messages.length ? messages : messages.slice(from, to)
  }

  /** What the last `count` cost. */
  bytesOfLast(count: number): number {
    let bytes = 0
    for (let i = this.messages.length - count; i < this.messages.length; i++)
      bytes += costOf(this.messages[i] as PreparedMessage)
    return bytes
  }

  /** Keeps the last `needed` in any case, and of what came before them as many as the bounds allow. */
  trimSpare(needed: number): void {
    const { messages } = this
    let drop = 0
    let { held } = this
    for (; messages.length - drop > needed; drop++) {
      if (messages.length - drop <= ringMessagesMax && held <= channelRingBytesMax) break
      held -= costOf(messages[drop] as PreparedMessage)
    }
    if (drop > 0) this.keep(messages.length - drop)
  }

  /** Keeps the last `count` alone. */
  keep(count: number): void {
    const { messages, held } = this
    const drop = messages.length - count
    if (drop <= 0) return
    if (count === 0) this.held = 0
    else for (let i = 0; i < drop; i++) this.held -= costOf(messages[i] as PreparedMessage)
    this.messages = count === 0 ? [] : messages.slice(drop)
    this.budget.bytes -= held - this.held
  }
}
