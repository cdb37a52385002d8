// What an ingest did on this node, and what went wrong with it: counted by message, told once a change.
import { LabaError } from "../../wire/error.ts"
import type { Clock } from "../bounds/clock.ts"
import type { IngestReport } from "./ingest.ts"
import { MessageRate } from "./message-rate.ts"

/** What is told of an ingest, once a change. */
export interface IngestEvents {
  ingestRunning(name: string, source: string): void
  ingestAway(name: string, says: string): void
  /** The engine takes nothing from it. */
  ingestHeld(name: string, error: unknown): void
  /** It reads, and its source takes no dead letter. */
  ingestDeadLettersRefused(name: string, says: string): void
  /** It is not known which node reads. */
  ingestLeaseUnknown(name: string, error: unknown): void
  /** Messages were set aside; said at most once a minute. */
  ingestSetAside(name: string, reason: string, count: number): void
  ingestSetAsideFailed(name: string, error: unknown): void
}

interface IngestRecordOptions {
  readonly name: string
  /** Its source, for people. */
  readonly source: string
  readonly clock: Pick<Clock, "now" | "monotonic">
  readonly events: IngestEvents
}

const setAsideSaidMs = 60_000

export class IngestRecord {
  readonly counts = { published: 0, duplicates: 0, passedOver: 0, deadLetters: 0 }
  error: IngestReport["error"] = null
  private readonly options: IngestRecordOptions
  private readonly rate = new MessageRate()
  private running = false
  private held = false
  private awaySays: string | null = null
  private setAsideSaidAt = Number.NEGATIVE_INFINITY
  private setAsideUnsaid = 0

  constructor(options: IngestRecordOptions) {
    this.options = options
  }

  /** Whether its source is away or refuses it, the engine takes nothing, it reads, or nothing of that is known yet. */
  get state(): "away" | "held" | "running" | "starting" {
    if (this.awaySays !== null) return "away"
    if (this.held) return "held"
    return this.running ? "running" : "starting"
  }

  get perSecond(): number {
    return this.rate.perSecond(this.options.clock.now())
  }

  /** Its source was closed. */
  closed(): void {
    this.running = false
    this.held = false
    this.awaySays = null
  }

  sourceRuns(): void {
    const { events, name, source } = this.options
    const isNew = this.awaySays !== null || !this.running
    this.awaySays = null
    this.running = true
    if (isNew) events.ingestRunning(name, source)
  }

  sourceAway(says: string): void {
    const isNew = this.awaySays !== says
    this.awaySays = says
    this.note(says)
    if (isNew) this.options.events.ingestAway(this.options.name, says)
  }

  /** It reads all the same. */
  sourceTakesNoDeadLetter(error: unknown): void {
    const says = `The source takes no dead letter: ${error instanceof Error ? error.message : String(error)}`
    const isNew = this.error?.says !== says
    this.note(says)
    if (isNew) this.options.events.ingestDeadLettersRefused(this.options.name, says)
  }

  engineTakesNothing(error: unknown): void {
    this.note(`The engine takes nothing: ${sentenceOf(error)}`)
    if (this.held) return
    this.held = true
    this.options.events.ingestHeld(this.options.name, error)
  }

  engineWorks(): void {
    this.held = false
  }

  /** Nobody can say which node reads; told when that begins. */
  leaseUnknown(error: unknown): void {
    this.note(`It is not known which node reads: ${sentenceOf(error)}`)
    this.options.events.ingestLeaseUnknown(this.options.name, error)
  }

  settled(count: number): void {
    this.rate.add(count, this.options.clock.now())
  }

  setAside(reason: string): void {
    const { clock, events, name } = this.options
    this.counts.deadLetters++
    this.setAsideUnsaid++
    this.note(`A message was set aside. ${reason}`)
    const now = clock.monotonic()
    if (now - this.setAsideSaidAt < setAsideSaidMs) return
    this.setAsideSaidAt = now
    events.ingestSetAside(name, reason, this.setAsideUnsaid)
    this.setAsideUnsaid = 0
  }

  setAsideFailed(error: unknown): void {
    this.counts.deadLetters++
    this.note(`A message could not even be set aside: ${sentenceOf(error)}`)
    this.options.events.ingestSetAsideFailed(this.options.name, error)
  }

  private note(says: string): void {
    this.error = { says, time: this.options.clock.now() }
  }
}

const sentenceOf = (error: unknown): string => (error instanceof LabaError ? error.detail : String(error))
