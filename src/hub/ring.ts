// The last messages of one channel, for listeners that lag or read history. Bounded in messages and bytes, over all
// channels of the node too. Knows sizes; refuses to know who needs what.
import type { Entry } from "../protocols/protocol.ts"

/** Messages kept for listeners that read history; one that falls out of the ring reads on in the engine. */
export const ringMessagesMax = 1024

/** Bytes of one channel's ring. Twice what may lag in messages of 64 KiB, so that such a channel is not held up by it. */
export const channelRingBytesMax = 16 * 1024 * 1024

/** What a message costs beside its payload. */
const entryOverheadBytes = 256

const costOf = (entry: Entry): number => entry.message.bytes + entryOverheadBytes

/** Something that keeps more than it must, and can be asked to let it go. */
export interface Spare {
  /** Drops what no listener waits for in its bucket. */
  dropSpare(): void
}

/** What the rings of a node may hold together. */
export class RingBudget {
  bytes = 0
  private readonly limits: { readonly ringBytesMax: number }
  /** In the order in which they began to keep it. */
  private readonly spare = new Set<Spare>()

  constructor(limits: { readonly ringBytesMax: number }) {
    this.limits = limits
  }

  get isSpent(): boolean {
    return this.bytes >= this.limits.ringBytesMax
  }

  keepsSpare(holder: Spare, keeps: boolean): void {
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
  private entries: Entry[] = []
  private held = 0
  private readonly budget: RingBudget

  constructor(budget: RingBudget) {
    this.budget = budget
  }

  get length(): number {
    return this.entries.length
  }

  /** What its messages cost. */
  get bytes(): number {
    return this.held
  }

  get newest(): Entry | null {
    return this.entries[this.entries.length - 1] ?? null
  }

  push(entry: Entry): void {
    const cost = costOf(entry)
    this.entries.push(entry)
    this.held += cost
    this.budget.bytes += cost
  }

  /** The last `count`, or null when it does not reach back that far. */
  last(count: number): readonly Entry[] | null {
    const { entries } = this
    if (count > entries.length) return null
    return count === entries.length ? entries : entries.slice(entries.length - count)
  }

  /** Of the last `count`, the first `most`. */
  page(count: number, most: number): readonly Entry[] {
    const { entries } = this
    const from = entries.length - count
    const to = Math.min(from + most, entries.length)
    return from === 0 && to === entries.length ? entries : entries.slice(from, to)
  }

  /** What the last `count` cost. */
  bytesOfLast(count: number): number {
    let bytes = 0
    for (let i = this.entries.length - count; i < this.entries.length; i++)
      bytes += costOf(this.entries[i] as Entry)
    return bytes
  }

  /** Keeps the last `needed` in any case, and of what came before them as many as the bounds allow. */
  trimSpare(needed: number): void {
    const { entries } = this
    let drop = 0
    let { held } = this
    for (; entries.length - drop > needed; drop++) {
      if (entries.length - drop <= ringMessagesMax && held <= channelRingBytesMax) break
      held -= costOf(entries[drop] as Entry)
    }
    if (drop > 0) this.keep(entries.length - drop)
  }

  /** Keeps the last `count` alone. */
  keep(count: number): void {
    const { entries, held } = this
    const drop = entries.length - count
    if (drop <= 0) return
    if (count === 0) this.held = 0
    else for (let i = 0; i < drop; i++) this.held -= costOf(entries[i] as Entry)
    this.entries = count === 0 ? [] : entries.slice(drop)
    this.budget.bytes -= held - this.held
  }
}
