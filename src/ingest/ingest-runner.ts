// One ingest on one node: opens its source, alone in the cluster where it must be, leads messages through the pipeline, and knows
// how it stands.
import { type Backoff, halfToWholeMs } from "../../wire/backoff.ts"
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Clock } from "../bounds/clock.ts"
import { within } from "../bounds/within.ts"
import type { Channel } from "../channels/channel.ts"
import { KeptLease } from "../cluster/kept-lease.ts"
import type { Leases } from "../cluster/leases.ts"
import type { IngestConfig, IngestReport, IngestState } from "./ingest.ts"
import { type IngestEvents, IngestRecord } from "./ingest-record.ts"
import { MessagePipeline } from "./pipeline/message-pipeline.ts"
import type { PipelineReport } from "./pipeline/pipeline.ts"
import type { PublishPort } from "./pipeline/publish-port.ts"
import type { SeekPlace, Source, SourceMessage, SourceReceiver } from "./source.ts"
import { MessageRoute } from "./template/message-route.ts"

export interface IngestRunnerOptions {
  readonly config: IngestConfig
  /** This run of this node. */
  readonly run: string
  /** What its operator calls it. */
  readonly node: string | null
  readonly port: PublishPort
  readonly limits: Pick<Limits, "messageBytesMax">
  readonly checkName: (channel: Channel) => void
  readonly leases: Leases
  readonly leaseMs: number
  readonly clock: Clock
  readonly random?: () => number
  readonly events: IngestEvents
}

/** A source that cannot even be opened is tried again. */
const openBackoff: Backoff = { minMs: 1000, maxMs: 30_000 }

/** A source is given as long to give back what it has. */
const closeMs = 5000

/** How long a source may take to say how much waits. */
const lagMs = 2000

/** What it said is good for as long. */
const lagAskedMs = 1000

/** A source that was opened, or is being opened; another each time. */
class Opened {
  source: Source | null = null
  /** Settled before there was a source to say so: one may hand messages over while it is being opened. */
  readonly unsaid: SourceMessage[] = []
  /** Resolves once there is a source. */
  readonly ready = Promise.withResolvers<Source>()
  readonly pipeline: MessagePipeline

  constructor(makePipeline: (opened: Opened) => MessagePipeline) {
    this.pipeline = makePipeline(this)
  }
}

export class IngestRunner {
  readonly config: IngestConfig
  readonly route: MessageRoute
  private readonly options: IngestRunnerOptions
  private readonly clock: Clock
  private readonly random: () => number
  private readonly record: IngestRecord
  private opened: Opened | null = null
  private lease: KeptLease | null = null
  private paused = false
  private stopped = false
  private failures = 0
  private lagKnown: number | null = null
  private lagAskedAt = Number.NEGATIVE_INFINITY
  private cancelOpen = (): void => {}
  private closing: Promise<void> = Promise.resolve()

  constructor(options: IngestRunnerOptions) {
    const { config, limits, checkName, clock, events, random = Math.random } = options
    this.options = options
    this.config = config
    this.clock = clock
    this.random = random
    this.route = new MessageRoute(config.route, config.kind, { limits, checkName })
    const source = config.kind.describe(config.settings)
    this.record = new IngestRecord({ name: config.name, source, clock, events })
  }

  start(): void {
    const { config, leases, leaseMs, clock } = this.options
    const { kind, settings } = config
    if (!kind.exclusive || kind.isDivided?.(settings)) return this.open()
    this.lease = new KeptLease({
      leases,
      name: `ingest ${config.name}`,
      holdMs: leaseMs,
      clock,
      onGained: () => this.open(),
      onLost: () => void this.close(),
      onTrouble: (error) => this.record.leaseUnknown(error),
    })
  }

  get state(): IngestState {
    if (this.paused) return "paused"
    if (this.lease && !this.lease.isOurs) return "standby"
    return this.record.state
  }

  async report(): Promise<IngestReport> {
    const { config } = this
    const inFlight = this.opened?.pipeline.inFlight ?? { messages: 0, bytes: 0 }
    return {
      name: config.name,
      source: config.kind.describe(config.settings),
      state: this.state,
      error: this.record.error,
      lag: await this.lag(),
      inFlight: inFlight.messages,
      inFlightBytes: inFlight.bytes,
      perSecond: this.record.perSecond,
      ...this.record.counts,
    }
  }

  /** What is known without asking its source. */
  get figures(): Omit<IngestReport, "perSecond" | "source" | "error"> {
    const inFlight = this.opened?.pipeline.inFlight ?? { messages: 0, bytes: 0 }
    const { state, config } = this
    // Asked for anew for the next who wants it: a source is slow to answer, or away.
    const now = this.clock.monotonic()
    if (now - this.lagAskedAt >= lagAskedMs) {
      this.lagAskedAt = now
      void this.lag()
    }
    const lag = this.lagKnown
    return {
      name: config.name,
      state,
      lag,
      inFlight: inFlight.messages,
      inFlightBytes: inFlight.bytes,
      ...this.record.counts,
    }
  }

  async lag(): Promise<number | null> {
    const source = this.opened?.source
    if (!source) return null
    let lag: number | null = null
    const asked = source.lag().then(
      (known) => {
        lag = known
      },
      () => {},
    )
    await within(lagMs, asked)
    this.lagKnown = lag
    return lag
  }

  pause(): void {
    this.paused = true
    this.opened?.source?.pause()
  }

  resume(): void {
    this.paused = false
    this.opened?.source?.resume()
  }

  /** Reads no more, and gives back what is not published. */
  async release(): Promise<void> {
    this.pause()
    await this.opened?.pipeline.release("all")
  }

  /** Whether it reads there. Throws `bad_request` where the source cannot. */
  async seek(place: SeekPlace): Promise<boolean> {
    const { opened, config } = this
    if (!opened?.source) return false
    if (!opened.source.seek)
      throw new LabaError(
        "bad_request",
        `${config.kind.name} cannot go back: it keeps nothing that was read.`,
      )
    await opened.pipeline.release("all")
    try {
      return await opened.source.seek(place)
    } catch (error) {
      if (error instanceof LabaError) throw error
      const says = error instanceof Error ? error.message : String(error)
      throw new LabaError("bad_request", `${config.name} cannot go there. ${says}`, { cause: error })
    }
  }

  /** Publishes what was taken for so long, gives back the rest, and ends. */
  async stop(drainMs: number): Promise<void> {
    this.stopped = true
    this.cancelOpen()
    this.opened?.source?.pause()
    if (this.opened) await within(drainMs, this.opened.pipeline.idle())
    await this.close()
    await this.lease?.stop()
  }

  private open(): void {
    if (this.stopped) return
    void this.closing.then(() => this.openNow())
  }

  private async openNow(): Promise<void> {
    if (this.stopped || this.opened || (this.lease && !this.lease.isOurs)) return
    const { config, run, node } = this.options
    const { kind, settings, name, inFlight } = config
    const opened = new Opened((made) => this.newPipeline(made))
    this.opened = opened
    try {
      const context = { name, clientId: `laba-${name}-${run}`, node, inFlight }
      const source = await kind.open(settings, this.receiverOf(opened), context)
      this.failures = 0
      if (this.opened !== opened) return await source.close()
      opened.source = source
      if (this.paused) source.pause()
      opened.ready.resolve(source)
      this.settle(opened, opened.unsaid.splice(0))
    } catch (error) {
      if (this.opened !== opened) return
      this.opened = null
      this.record.sourceAway(
        `It could not be opened: ${error instanceof Error ? error.message : String(error)}`,
      )
      this.cancelOpen = this.clock.after(halfToWholeMs(openBackoff, ++this.failures, this.random), () =>
        this.open(),
      )
    }
  }

  private async close(): Promise<void> {
    const { opened } = this
    this.opened = null
    this.record.closed()
    if (!opened) return this.closing
    this.closing = this.closeOpened(opened)
    await this.closing
  }

  private async closeOpened({ pipeline, source }: Opened): Promise<void> {
    await within(closeMs, pipeline.release("all"))
    try {
      if (source) await within(closeMs, source.close())
    } catch {
      // It is over either way.
    }
  }

  private receiverOf(opened: Opened): SourceReceiver {
    const { pipeline } = opened
    const isCurrent = (): boolean => this.opened === opened
    return {
      // After its end nothing is taken, and nothing more is asked for.
      take: (messages) => (isCurrent() ? pipeline.take(messages) : new Promise(() => {})),
      release: (partitions) => pipeline.release(partitions),
      running: () => {
        if (isCurrent()) this.record.sourceRuns()
      },
      trouble: (sentence) => {
        if (isCurrent()) this.record.sourceAway(sentence)
      },
    }
  }

  private newPipeline(opened: Opened): MessagePipeline {
    const { config, port, limits } = this.options
    const { name, kind, inFlight, deadLetter } = config
    return new MessagePipeline({
      name,
      positions: kind.positions,
      inFlight,
      route: this.route,
      port,
      deadLetters:
        deadLetter === "source"
          ? { setAside: (message, reason) => setAsideAtSource(opened, message, reason) }
          : { channel: deadLetter, bytesMax: () => limits.messageBytesMax },
      clock: this.clock,
      random: this.random,
      report: this.pipelineReport(opened),
    })
  }

  private pipelineReport(opened: Opened): PipelineReport {
    const { record } = this
    return {
      published: () => void record.counts.published++,
      duplicate: () => void record.counts.duplicates++,
      passedOver: () => void record.counts.passedOver++,
      setAside: (_message, reason) => record.setAside(reason),
      setAsideFailed: (_message, error) => record.setAsideFailed(error),
      engineTrouble: (error) => record.engineTakesNothing(error),
      engineWorks: () => record.engineWorks(),
      sourceTrouble: (error) => record.sourceTakesNoDeadLetter(error),
      settled: (messages) => this.settle(opened, messages),
    }
  }

  private settle({ source, unsaid }: Opened, messages: readonly SourceMessage[]): void {
    if (messages.length === 0) return
    if (!source) return void unsaid.push(...messages)
    this.record.settled(messages.length)
    try {
      source.settle(messages)
    } catch (error) {
      this.record.sourceAway(`What was published could not be acknowledged: ${String(error)}`)
    }
  }
}

async function setAsideAtSource({ ready }: Opened, message: SourceMessage, reason: string): Promise<void> {
  const source = await ready.promise
  if (!source.setAside) throw new Error("It has no place for them.")
  await source.setAside(message, reason)
}
