// A receiver for tests of sources: takes what they hand over as a pipeline does, bounded and in order, settles it a little later, and
// remembers marks as an engine does, so that it knows what is new, what comes again, and what was missed.
import type { Source, SourceMessage, SourceReceiver } from "../../src/ingest/source.ts"

const decoder = new TextDecoder()

export const bodyText = ({ body }: SourceMessage): string | null =>
  body === null ? null : decoder.decode(body)

interface RecordingOptions {
  /** Messages that may be taken and not settled. */
  readonly inFlightMax?: number
  /** How long a publish takes. */
  readonly publishMs?: number
}

export class RecordingReceiver implements SourceReceiver {
  /** What was published, each once, in the order of publishing. */
  readonly published: SourceMessage[] = []
  /** What came again although it was published. */
  readonly repeated: SourceMessage[] = []
  readonly troubles: string[] = []
  readonly releases: (readonly string[] | "all")[] = []
  runs = 0
  inFlightSeen = 0
  /** The engine is away: nothing is published nor settled. */
  held = false
  private readonly marks: Map<string, string>
  private readonly options: Required<RecordingOptions>
  private source: Source | null = null
  private waiting: SourceMessage[] = []
  private working: Promise<void> | null = null

  /** Marks are an engine's: several receivers of one engine share them. */
  constructor(options: RecordingOptions = {}, marks: Map<string, string> = new Map()) {
    this.options = { inFlightMax: 1000, publishMs: 0, ...options }
    this.marks = marks
  }

  settleAt(source: Source): void {
    this.source = source
  }

  async take(messages: readonly SourceMessage[]): Promise<void> {
    this.waiting.push(...messages)
    this.inFlightSeen = Math.max(this.inFlightSeen, this.waiting.length)
    this.working ??= this.work()
    while (this.waiting.length >= this.options.inFlightMax) await Bun.sleep(1)
  }

  async release(partitions: readonly string[] | "all"): Promise<void> {
    this.releases.push(partitions)
    this.waiting = this.waiting.filter(
      ({ partition }) => partitions !== "all" && !partitions.includes(partition),
    )
    await this.working
  }

  running(): void {
    this.runs++
  }

  trouble(sentence: string): void {
    this.troubles.push(sentence)
  }

  /** What was taken and is not published. */
  get taken(): readonly SourceMessage[] {
    return this.waiting
  }

  private async work(): Promise<void> {
    // What is taken is handed over first.
    await Bun.sleep(0)
    while (this.waiting.length > 0 && this.source && !this.held) {
      const batch = this.waiting.splice(0, 100)
      if (this.options.publishMs > 0) await Bun.sleep(this.options.publishMs)
      for (const message of batch) this.publish(message)
      this.source.settle(batch)
    }
    this.working = null
    if (this.waiting.length > 0) setTimeout(() => void (this.working ??= this.work()), 5)
  }

  private publish(message: SourceMessage): void {
    const { partition, position } = message
    const mark = this.marks.get(partition)
    if (position !== null && mark !== undefined && mark >= position) {
      this.repeated.push(message)
      return
    }
    if (position !== null) this.marks.set(partition, position)
    this.published.push(message)
  }
}
