// A source that reads from Kafka: one session after another, until it is closed.
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { systemClock } from "../../bounds/clock.ts"
import { StoppableWaits } from "../../bounds/stoppable-waits.ts"
import type { SeekPlace, Source, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { type KafkaLibrary, loadKafka } from "./kafka-client.ts"
import { DeadLetterTopic } from "./dead-letter-topic.ts"
import { kafkaSentence } from "./kafka-errors.ts"
import { KafkaSession } from "./kafka-session.ts"
import type { KafkaSettings } from "./kafka-settings.ts"

const backoff: Backoff = { minMs: 250, maxMs: 10_000 }

/** A session that lasted as long was no failure to connect. */
const lastingMs = 20_000

interface Dependencies {
  readonly library: KafkaLibrary
  readonly settings: KafkaSettings
  readonly receiver: SourceReceiver
  readonly context: SourceContext
}

export class KafkaSource implements Source {
  readonly setAside?: (message: SourceMessage, reason: string) => Promise<void>
  private readonly dependencies: Dependencies
  private readonly deadLetters: DeadLetterTopic | null
  private readonly waits = new StoppableWaits(systemClock)
  private readonly ended: Promise<void>
  private session: KafkaSession | null = null
  private paused = false
  private closed = false

  private constructor(dependencies: Dependencies) {
    const { settings, library, context } = dependencies
    this.dependencies = dependencies
    this.deadLetters =
      settings.deadLetterTopic === undefined
        ? null
        : new DeadLetterTopic(library, settings, {
            topic: settings.deadLetterTopic,
            clientId: context.clientId,
          })
    if (this.deadLetters) {
      const { deadLetters } = this
      this.setAside = (message, reason) => deadLetters.add(message, reason)
    }
    this.ended = this.keep()
  }

  static async open(
    settings: KafkaSettings,
    receiver: SourceReceiver,
    context: SourceContext,
  ): Promise<KafkaSource> {
    return new KafkaSource({ library: await loadKafka(), settings, receiver, context })
  }

  settle(messages: readonly SourceMessage[]): void {
    this.session?.settle(messages)
  }

  lag(): Promise<number | null> {
    return this.session?.lag() ?? Promise.resolve(null)
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
    if (!this.session) throw new Error("Kafka is away.")
    return this.session.seek(place)
  }

  async close(): Promise<void> {
    this.closed = true
    this.session?.end()
    this.waits.endAll()
    await this.deadLetters?.close()
    await this.ended
  }

  private async keep(): Promise<void> {
    // Whoever opens it has it in hand before it says anything.
    await Promise.resolve()
    const { receiver } = this.dependencies
    let memberId: string | null = null
    for (let failures = 0; !this.closed;) {
      const startedAt = systemClock.monotonic()
      const session = new KafkaSession({ ...this.dependencies, memberId })
      this.session = session
      if (this.paused) session.pause()
      try {
        await session.run()
      } catch (error) {
        if (!this.closed) receiver.trouble(kafkaSentence(error))
      }
      memberId = session.memberId ?? memberId
      this.session = null
      if (this.closed) return
      failures = systemClock.monotonic() - startedAt > lastingMs ? 1 : failures + 1
      await this.waits.wait(halfToWholeMs(backoff, failures, Math.random))
    }
  }
}
