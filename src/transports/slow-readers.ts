// Judges readers by what they have waiting. A burst does not close a healthy reader: slow is who stands above the bound
// at two looks a second apart. One whose channels all let it skip (`slow: latest`) skips until it has drained, and is ended all the
// same when it takes nothing, or when what cannot be skipped piles up. Knows bytes and time, no transport.

/** Groups that a write found backlogged are looked through this often at most: a look costs 0.03-0.08 µs a member. */
const sweepIntervalMs = 50

/** The time between the two looks that make a reader slow. */
const secondLookMs = 1000

/** Above this many times the bound a reader is slow at once: a second is long for a fast publisher. Bun's own net is the same. */
export const hardLimitFactor = 4

/** Who takes nothing for this long is ended, however little waits: a reader that is gone keeps about 5 MB of buffers, the kernel's included. */
const stalledMs = 60_000

export interface Reader {
  readonly closed: boolean
  readonly transport: string
  readonly channels: readonly string[]
  /** Bytes accepted for it and not yet taken by the kernel, or not yet acknowledged. */
  backlogBytes(): number
  /** Takes its listeners out of their groups; the answer puts them back. Null: it is to be ended. */
  startSkipping(): (() => void) | null
  /** Resolves once it has drained, or is closed. Never rejects. */
  drained(): Promise<void>
  /** Ends it, with the code `slow`. */
  endAsSlow(): void
}

/** A reader with a backlog. */
interface Suspect {
  /** What waited at the last look. */
  backlog: number
  /** When it began to wait, or was last seen to have taken something. */
  tookAtMs: number
  /** Since when it stands above the bound; 0: it does not. */
  aboveSinceMs: number
  /** What waited when its listeners began to skip. Messages add nothing to it, so what does cannot be skipped. Null: they do not skip. */
  skippingFromBytes: number | null
  /** It is being ended: the last word to it is no new offence. */
  ending: boolean
}

interface SlowReadersOptions {
  readonly outboxBytesMax: number
  readonly now?: () => number
  /** A reader is ended that no channel's rule has spoken against. */
  readonly onEnd?: (reader: Reader) => void
}

export class SlowReaders {
  private readonly outboxBytesMax: number
  private readonly now: () => number
  private readonly onEnd: ((reader: Reader) => void) | undefined
  private readonly groups = new Set<Iterable<Reader>>()
  private sweeping = false
  private readonly suspects = new Map<Reader, Suspect>()
  private looking: ReturnType<typeof setInterval> | null = null

  constructor(options: SlowReadersOptions) {
    this.outboxBytesMax = options.outboxBytesMax
    this.now = options.now ?? (() => performance.now())
    this.onEnd = options.onEnd
  }

  /** A write to these readers met a backlog somewhere among them. `dropped`: so much of it that the runtime's net closes. */
  suspectOneOf(readers: Iterable<Reader>, dropped = false): void {
    if (dropped) this.suspectAllOf(readers)
    this.groups.add(readers)
    if (this.sweeping) return
    this.sweeping = true
    setTimeout(() => this.sweep(), sweepIntervalMs).unref()
  }

  suspect(reader: Reader): void {
    const suspect = this.suspects.get(reader) ?? this.begin(reader)
    if (suspect.aboveSinceMs === 0 && reader.backlogBytes() > this.outboxBytesMax)
      suspect.aboveSinceMs = this.now()
  }

  /** The reader has taken something, whatever has come to it since. */
  progressed(reader: Reader): void {
    const suspect = this.suspects.get(reader)
    if (suspect) suspect.tookAtMs = this.now()
  }

  /** Whether a reader that is cut off stood above the bound: then it was the runtime's net that cut it, which says nothing. */
  isAbove(reader: Reader): boolean {
    return (this.suspects.get(reader)?.aboveSinceMs ?? 0) > 0
  }

  /** The reader is known to be slow, without a second look. */
  judge(reader: Reader): void {
    const suspect = this.suspects.get(reader) ?? this.begin(reader)
    if (suspect.ending) return
    if (suspect.skippingFromBytes === null) this.startSkipping(reader, suspect)
    else if (reader.backlogBytes() > suspect.skippingFromBytes + this.outboxBytesMax)
      this.end(reader, suspect)
  }

  /** Looks at every suspect; public so that tests need no clock of their own. */
  look(): void {
    const now = this.now()
    for (const [reader, suspect] of this.suspects) {
      const backlog = reader.closed ? 0 : reader.backlogBytes()
      if (backlog === 0) this.suspects.delete(reader)
      else this.lookAt(reader, suspect, { backlog, now })
    }
    if (this.suspects.size === 0) this.stop()
  }

  stop(): void {
    if (this.looking) clearInterval(this.looking)
    this.looking = null
    this.suspects.clear()
  }

  private lookAt(reader: Reader, suspect: Suspect, { backlog, now }: { backlog: number; now: number }): void {
    if (backlog < suspect.backlog) suspect.tookAtMs = now
    suspect.backlog = backlog
    const { outboxBytesMax } = this
    if (now - suspect.tookAtMs >= stalledMs) this.end(reader, suspect)
    else if (suspect.skippingFromBytes !== null) this.judge(reader)
    else if (backlog <= outboxBytesMax) suspect.aboveSinceMs = 0
    else if (suspect.aboveSinceMs > 0 && now - suspect.aboveSinceMs >= secondLookMs) this.judge(reader)
    else if (backlog > outboxBytesMax * hardLimitFactor) this.judge(reader)
    else if (suspect.aboveSinceMs === 0) suspect.aboveSinceMs = now
  }

  private begin(reader: Reader): Suspect {
    const suspect: Suspect = {
      backlog: 0,
      tookAtMs: this.now(),
      aboveSinceMs: 0,
      skippingFromBytes: null,
      ending: false,
    }
    this.suspects.set(reader, suspect)
    this.looking ??= setInterval(() => this.look(), secondLookMs / 4)
    return suspect
  }

  private startSkipping(reader: Reader, suspect: Suspect): void {
    const resume = reader.startSkipping()
    if (!resume) return this.close(reader, suspect)
    suspect.skippingFromBytes = reader.backlogBytes()
    void reader.drained().then(() => {
      suspect.skippingFromBytes = null
      suspect.aboveSinceMs = 0
      resume()
    })
  }

  private end(reader: Reader, suspect: Suspect): void {
    this.onEnd?.(reader)
    this.close(reader, suspect)
  }

  private close(reader: Reader, suspect: Suspect): void {
    suspect.ending = true
    reader.endAsSlow()
    this.suspects.delete(reader)
  }

  private sweep(): void {
    this.sweeping = false
    for (const readers of this.groups) this.suspectAllOf(readers)
    this.groups.clear()
  }

  private suspectAllOf(readers: Iterable<Reader>): void {
    for (const reader of readers) if (!reader.closed && reader.backlogBytes() > 0) this.suspect(reader)
  }
}
