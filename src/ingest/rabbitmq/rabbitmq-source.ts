// A source that reads from RabbitMQ: one connection after another, until it is closed.
import type { ChannelModel } from "amqplib"
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { systemClock } from "../../bounds/clock.ts"
import { StoppableWaits } from "../../bounds/stoppable-waits.ts"
import type { Source, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { readTls } from "../tls-settings.ts"
import { RabbitMqConnection } from "./rabbitmq-connection.ts"
import { rabbitMqSentence } from "./rabbitmq-errors.ts"
import type { RabbitMqSettings } from "./rabbitmq-settings.ts"

type AmqpLibrary = typeof import("amqplib")

interface Dependencies {
  readonly library: AmqpLibrary
  readonly settings: RabbitMqSettings
  readonly receiver: SourceReceiver
  readonly context: SourceContext
}

const backoff: Backoff = { minMs: 250, maxMs: 10_000 }
/** A connection that lasted as long was no failure to connect. */
const lastingMs = 20_000
const connectMs = 10_000
/** A server that says nothing for twice as long is taken for gone. */
const heartbeatSeconds = 15

export class RabbitMqSource implements Source {
  private readonly dependencies: Dependencies
  private readonly waits = new StoppableWaits(systemClock)
  private readonly ended: Promise<void>
  private connection: RabbitMqConnection | null = null
  private attempts = 0
  private paused = false
  private closed = false

  private constructor(dependencies: Dependencies) {
    this.dependencies = dependencies
    this.ended = this.keep()
  }

  static async open(
    settings: RabbitMqSettings,
    receiver: SourceReceiver,
    context: SourceContext,
  ): Promise<RabbitMqSource> {
    const library = await import("amqplib")
    return new RabbitMqSource({ library, settings, receiver, context })
  }

  settle(messages: readonly SourceMessage[]): void {
    this.connection?.settle(messages)
  }

  async setAside(message: SourceMessage, reason: string): Promise<void> {
    // Without the connection that it came by it is not ours any more: RabbitMQ has it back.
    await this.connection?.setAside(message, reason)
  }

  async lag(): Promise<number | null> {
    return (await this.connection?.lag()) ?? null
  }

  pause(): void {
    this.paused = true
    this.connection?.pause()
  }

  resume(): void {
    this.paused = false
    this.connection?.resume()
  }

  async close(): Promise<void> {
    this.closed = true
    this.waits.endAll()
    this.connection?.stop()
    // What is published by now is acknowledged before the end.
    await this.dependencies.receiver.release("all")
    await this.connection?.close()
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
        if (!this.closed) receiver.trouble(rabbitMqSentence(error))
      }
      this.connection = null
      await receiver.release("all")
      if (this.closed) return
      failures = systemClock.monotonic() - startedAt > lastingMs ? 1 : failures + 1
      await this.waits.wait(halfToWholeMs(backoff, failures, Math.random))
    }
  }

  /** Resolves when it was closed; rejects with what ended it. */
  private async readOnce(): Promise<void> {
    const { settings, receiver, context } = this.dependencies
    const model = await this.connect()
    const connection = new RabbitMqConnection({ model, settings, receiver, inFlight: context.inFlight })
    this.connection = connection
    // It was closed while it connected.
    if (this.closed) return connection.close()
    if (this.paused) connection.pause()
    await connection.run()
  }

  private connect(): Promise<ChannelModel> {
    const { library, settings, context } = this.dependencies
    const address = new URL(settings.url[this.attempts++ % settings.url.length] as string)
    if (!address.searchParams.has("heartbeat"))
      address.searchParams.set("heartbeat", String(heartbeatSeconds))
    return library.connect(address.href, {
      timeout: connectMs,
      keepAlive: true,
      noDelay: true,
      clientProperties: { connection_name: context.clientId },
      ...((address.protocol === "amqps:" ? readTls(settings.tls ?? {}) : {}) as object),
    })
  }
}
