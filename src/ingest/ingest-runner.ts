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
import { MessageRate } from "./message-rate.ts"
import { MessagePipeline } from "./pipeline/message-pipeline.ts"
import type { PipelineReport } from "./pipeline/pipeline.ts"
import type { PublishPort } from "./pipeline/publish-port.ts"
import type { SeekPlace, Source, SourceMessage, SourceReceiver } from "./source.ts"
import { MessageRoute } from "./template/message-route.ts"

/** What is told of an ingest, once a change. */
export interface IngestEvents {
  ingestRunning(name: string, source: string): void
  ingestAway(name: string, says: string): void
  /** The engine takes nothing from it. */
  ingestHeld(name: string, error: unknown): void
  /** Messages were set aside; said at most once a minute. */
  ingestSetAside(name: string, reason: string, count: number): void
  ingestSetAsideFailed(name: string, error: unknown): void
}

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

const setAsideSaidMs = 60_000

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
  private readonly rate = new MessageRate()
  private readonly counts = { published: 0, duplicates: 0, passedOver: 0, deadLetters: 0 }
  private opened: Opened | null = null
  private lease: KeptLease | null = null
  private paused = false
  private stopped = false
  private isRunning = false
  private isHeld = false
  private away: string | null = null
  private error: IngestReport["error"] = null
  private failures = 0
  private lagKnown: number | null = null
  private lagAskedAt = Number.NEGATIVE_INFINITY
  private cancelOpen = (): void => {}
  private closing: Promise<void> = Promise.resolve()
  private setAsideSaidAt = Number.NEGATIVE_INFINITY
  private setAsideUnsaid = 0

  constructor(options: IngestRunnerOptions) {
    const { config, limits, checkName, clock, random = Math.random } = options
    this.options = options
    this.config = config
    this.clock = clock
    this.random = random
    this.route = new MessageRoute(config.route, config.kind, { limits, checkName })
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
      onTrouble: (error) => this.engineTrouble(error),
    })
  }

  get state(): IngestState {
    if (this.paused) return "paused"
    if (this.lease && !this.lease.isOurs) return "standby"
    if (this.away !== null) return "away"
    if (this.isHeld) return "held"
    return this.isRunning ? "running" : "starting"
  }

  async report(): Promise<IngestReport> {
    const { config } = this
    const inFlight = this.opened?.pipeline.inFlight ?? { messages: 0, bytes: 0 }
    return {
      name: config.name,
      source: config.kind.describe(config.settings),
      state: this.state,
      error: this.error,
      lag: await this.lag(),
      inFlight: inFlight.messages,
      inFlightBytes: inFlight.bytes,
      perSecond: this.rate.perSecond(this.clock.now()),
      ...this.counts,
    }
  }

  /** What is known without asking its source. */
  get figures(): Omit<IngestReport, "perSecond" | "source" | "error"> {
    const inFlight = this.opened?.pipeline.inFlight ?? { messages: 0, bytes: 0 }
    const { state, config, counts } = this
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
      ...counts,
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

  /** Throws `bad_request` where the source cannot. */
  async seek(place: SeekPlace): Promise<void> {
    const { opened, config } = this
    if (!opened?.source) return
    if (!opened.source.seek)
      throw new LabaError(
        "bad_request",
        `${config.kind.name} cannot go back: it keeps nothing that was read.`,
      )
    await opened.pipeline.release("all")
    await opened.source.seek(place)
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
      this.trouble(`It could not be opened: ${error instanceof Error ? error.message : String(error)}`)
      this.cancelOpen = this.clock.after(halfToWholeMs(openBackoff, ++this.failures, this.random), () =>
        this.open(),
      )
    }
  }

  private async close(): Promise<void> {
    const { opened } = this
    this.opened = null
    this.isRunning = false
    this.away = null
    this.isHeld = false
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
        if (!isCurrent()) return
        const wasAway = this.away !== null || !this.isRunning
        this.away = null
        this.isRunning = true
        if (wasAway)
          this.options.events.ingestRunning(this.config.name, this.config.kind.describe(this.config.settings))
      },
      trouble: (sentence) => {
        if (isCurrent()) this.trouble(sentence)
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
    const { counts } = this
    const { events, config } = this.options
    return {
      published: () => void counts.published++,
      duplicate: () => void counts.duplicates++,
      passedOver: () => void counts.passedOver++,
      setAside: (_message, reason) => this.countSetAside(reason),
      setAsideFailed(_message, error) {
        counts.deadLetters++
        events.ingestSetAsideFailed(config.name, error)
      },
      engineTrouble: (error) => this.engineTrouble(error),
      engineWorks: () => {
        this.isHeld = false
      },
      sourceTrouble: (error) =>
        this.note(
          `The source takes no dead letter: ${error instanceof Error ? error.message : String(error)}`,
        ),
      settled: (messages) => this.settle(opened, messages),
    }
  }

  private settle({ source, unsaid }: Opened, messages: readonly SourceMessage[]): void {
    if (messages.length === 0) return
    if (!source) return void unsaid.push(...messages)
    this.rate.add(messages.length, this.clock.now())
    try {
      source.settle(messages)
    } catch (error) {
      this.trouble(`What was published could not be acknowledged: ${String(error)}`)
    }
  }

  /** Shown as what went wrong last, and told when it is another than before. */
  private note(says: string): void {
    const isNew = this.error?.says !== says
    this.error = { says, time: this.clock.now() }
    if (isNew) this.options.events.ingestAway(this.config.name, says)
  }

  private trouble(says: string): void {
    this.error = { says, time: this.clock.now() }
    const isNew = this.away !== says
    this.away = says
    if (isNew) this.options.events.ingestAway(this.config.name, says)
  }

  private engineTrouble(error: unknown): void {
    const says = error instanceof LabaError ? error.detail : String(error)
    this.error = { says: `The engine takes nothing: ${says}`, time: this.clock.now() }
    if (this.isHeld) return
    this.isHeld = true
    this.options.events.ingestHeld(this.config.name, error)
  }

  private countSetAside(reason: string): void {
    this.counts.deadLetters++
    this.setAsideUnsaid++
    this.error = { says: `A message was set aside. ${reason}`, time: this.clock.now() }
    const now = this.clock.monotonic()
    if (now - this.setAsideSaidAt < setAsideSaidMs) return
    this.setAsideSaidAt = now
    this.options.events.ingestSetAside(this.config.name, reason, this.setAsideUnsaid)
    this.setAsideUnsaid = 0
  }
}

async function setAsideAtSource({ ready }: Opened, message: SourceMessage, reason: string): Promise<void> {
  const source = await ready.promise
  if (!source.setAside) throw new Error("It has no place for them.")
  await source.setAside(message, reason)
}
