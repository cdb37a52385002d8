// A source that reads an outbox of PostgreSQL: one session after another, until it is closed.
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { systemClock } from "../../bounds/clock.ts"
import { StoppableWaits } from "../../bounds/stoppable-waits.ts"
import type { SeekPlace, Source, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { readTls } from "../tls-settings.ts"
import { OutboxSession } from "./outbox-session.ts"
import { postgresSentence } from "./postgres-errors.ts"
import type { PostgresSettings } from "./postgres-settings.ts"

type PostgresLibrary = (typeof import("pg"))["default"]

interface Dependencies {
  readonly library: PostgresLibrary
  readonly settings: PostgresSettings
  readonly receiver: SourceReceiver
  readonly context: SourceContext
}

const backoff: Backoff = { minMs: 250, maxMs: 10_000 }
/** A session that lasted as long was no failure to connect. */
const lastingMs = 20_000
const connectMs = 10_000
/** A server that answers later is taken for gone. */
const answerMsMax = 60_000

export class PostgresSource implements Source {
  private readonly dependencies: Dependencies
  private readonly waits = new StoppableWaits(systemClock)
  private readonly ended: Promise<void>
  private session: OutboxSession | null = null
  private paused = false
  private closed = false

  private constructor(dependencies: Dependencies) {
    this.dependencies = dependencies
    this.ended = this.keep()
  }

  static async open(
    settings: PostgresSettings,
    receiver: SourceReceiver,
    context: SourceContext,
  ): Promise<PostgresSource> {
    const { default: library } = await import("pg")
    return new PostgresSource({ library, settings, receiver, context })
  }

  settle(messages: readonly SourceMessage[]): void {
    this.session?.settle(messages)
  }

  async lag(): Promise<number | null> {
    return (await this.session?.lag()) ?? null
  }

  pause(): void {
    this.paused = true
    this.session?.pause()
  }

  resume(): void {
    this.paused = false
    this.session?.resume()
  }

  async seek(place: SeekPlace): Promise<boolean> {
    if (!this.session) throw new Error("PostgreSQL is away.")
    return this.session.seek(place)
  }

  async close(): Promise<void> {
    this.closed = true
    this.session?.end()
    this.waits.endAll()
    await this.ended
  }

  private async keep(): Promise<void> {
    // Whoever opens it has it in hand before it says anything.
    await Promise.resolve()
    const { receiver } = this.dependencies
    for (let failures = 0; !this.closed;) {
      const startedAt = systemClock.monotonic()
      try {
        await this.readOnce()
      } catch (error) {
        if (!this.closed) receiver.trouble(postgresSentence(error))
      }
      this.session = null
      if (this.closed) return
      failures = systemClock.monotonic() - startedAt > lastingMs ? 1 : failures + 1
      await this.waits.wait(halfToWholeMs(backoff, failures, Math.random))
    }
  }

  private async readOnce(): Promise<void> {
    const { library, settings, receiver, context } = this.dependencies
    const { url, tls } = settings
    const client = new library.Client({
      connectionString: url,
      application_name: context.clientId,
      connectionTimeoutMillis: connectMs,
      query_timeout: answerMsMax,
      keepAlive: true,
      ...(tls !== false && { ssl: tls === true ? true : readTls(tls) }),
    })
    const session = new OutboxSession({ client, settings, receiver, inFlight: context.inFlight })
    this.session = session
    if (this.paused) session.pause()
    await session.run()
  }
}
