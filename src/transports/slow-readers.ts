// Judges readers by what they have waiting. A burst does not close a healthy reader: slow is who stands above the bound
// at two looks a second apart. Knows bytes and time; what is done about it is the reader's own affair.

/** Groups that a write found backlogged are looked through this often at most: a look costs 0.03-0.08 µs a member. */
const sweepIntervalMs = 50

/** The time between the two looks that make a reader slow. */
const secondLookMs = 1000

/** Above this many times the bound a reader is slow at once: a second is long for a fast publisher. Bun's own net is the same. */
export const hardLimitFactor = 4

export interface Reader {
  readonly closed: boolean
  /** Bytes accepted for it and not yet taken by the kernel. */
  backlogBytes(): number
  onSlow(): void
}

export class SlowReaders {
  private readonly outboxBytesMax: number
  private readonly now: () => number
  private readonly groups = new Set<Iterable<Reader>>()
  private sweeping = false
  /** Readers with a backlog, and since when it stands above the bound (0: it does not). */
  private readonly suspects = new Map<Reader, number>()
  private looking: ReturnType<typeof setInterval> | null = null

  constructor(options: { readonly outboxBytesMax: number; readonly now?: () => number }) {
    this.outboxBytesMax = options.outboxBytesMax
    this.now = options.now ?? (() => performance.now())
  }

  /** A write to these readers met a backlog somewhere among them. */
  suspectOneOf(readers: Iterable<Reader>): void {
    this.groups.add(readers)
    if (this.sweeping) return
    this.sweeping = true
    setTimeout(() => this.sweep(), sweepIntervalMs).unref()
  }

  suspect(reader: Reader): void {
    if (this.suspects.has(reader)) return
    this.suspects.set(reader, 0)
    this.looking ??= setInterval(() => this.look(), secondLookMs / 4)
  }

  /** Looks at every suspect; public so that tests need no clock of their own. */
  look(): void {
    const now = this.now()
    for (const [reader, since] of this.suspects) {
      const backlog = reader.closed ? 0 : reader.backlogBytes()
      if (backlog === 0) this.suspects.delete(reader)
      else if (backlog <= this.outboxBytesMax) this.suspects.set(reader, 0)
      else if (
        backlog > this.outboxBytesMax * hardLimitFactor ||
        (since > 0 && now - since >= secondLookMs)
      ) {
        this.suspects.delete(reader)
        reader.onSlow()
      } else if (since === 0) this.suspects.set(reader, now)
    }
    if (this.suspects.size === 0 && this.looking) {
      clearInterval(this.looking)
      this.looking = null
    }
  }

  stop(): void {
    if (this.looking) clearInterval(this.looking)
    this.looking = null
    this.suspects.clear()
  }

  private sweep(): void {
    this.sweeping = false
    for (const readers of this.groups) {
      for (const reader of readers) if (!reader.closed && reader.backlogBytes() > 0) this.suspect(reader)
    }
    this.groups.clear()
  }
}
