// One connection to RabbitMQ, from its opening to its end: reads each queue on a channel of its own, where what is settled is
// acknowledged in the order of delivery. Knows nothing of what comes behind it; `rabbitmq-source.ts` makes another one.
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from "amqplib"
import { within } from "../../bounds/within.ts"
import type { SourceMessage, SourceReceiver } from "../source.ts"
import { isMissing, rabbitMqSentence } from "./rabbitmq-errors.ts"
import { rabbitMqMessage } from "./rabbitmq-message.ts"
import type { RabbitMqSettings } from "./rabbitmq-settings.ts"

interface ConnectionOptions {
  readonly model: ChannelModel
  readonly settings: RabbitMqSettings
  readonly receiver: SourceReceiver
  readonly inFlight: { readonly messages: number }
}

/** Where a message came from: only there it can be acknowledged. */
interface Delivery {
  readonly reader: QueueReader
  readonly channel: Channel
  readonly delivered: ConsumeMessage
  isRefused: boolean
}

/** So many messages of a queue are here and not acknowledged, unless it is said: each may be large. */
const prefetchMax = 250
/** A queue that is missing is looked for as often. */
const againMs = 5000
/** A channel that RabbitMQ has ended is opened again as soon. */
const reopenMs = 500
const goodbyeMs = 2000

export class RabbitMqConnection {
  private readonly options: ConnectionOptions
  private readonly over = Promise.withResolvers<void>()
  private readonly deliveries = new WeakMap<SourceMessage, Delivery>()
  private readonly readers: readonly QueueReader[]
  private deadLetters: Promise<ConfirmChannel> | null = null
  private isOver = false

  constructor(options: ConnectionOptions) {
    this.options = options
    const { model, settings, inFlight, receiver } = options
    const prefetch = settings.prefetch ?? Math.min(inFlight.messages, prefetchMax)
    this.readers = settings.queues.map(
      (queue) =>
        new QueueReader({
          model,
          queue,
          prefetch,
          take: async (reader, channel, delivered) => {
            const messages = delivered.map((each) => this.messageOf(reader, channel, each))
            await receiver.take(messages)
          },
          running: () => receiver.running(),
          trouble: (sentence) => receiver.trouble(sentence),
          release: () => receiver.release([queue]),
          fail: (error) => this.fail(error),
        }),
    )
    model.on("error", (error) => this.fail(error))
    model.on("close", (error) => this.fail(error ?? new Error("the connection was ended")))
    // Whoever waits hears of it by run().
    this.over.promise.catch(() => {})
  }

  /** Resolves when it was closed; rejects with what ended it. */
  async run(): Promise<void> {
    for (const reader of this.readers) reader.start()
    await this.over.promise
  }

  settle(messages: readonly SourceMessage[]): void {
    const last = new Map<Channel, Delivery>()
    for (const message of messages) {
      const delivery = this.deliveries.get(message)
      // What was refused is acknowledged by that, and what came by another connection by its end.
      if (delivery && !delivery.isRefused) last.set(delivery.channel, delivery)
    }
    for (const { reader, channel, delivered } of last.values())
      reader.onChannel(channel, () => channel.ack(delivered, true))
  }

  async setAside(message: SourceMessage, reason: string): Promise<void> {
    const delivery = this.deliveries.get(message)
    if (!delivery || this.isOver) return
    const { deadLetterQueue } = this.options.settings
    if (deadLetterQueue === undefined) {
      // It goes where the queue's own arguments or policy send it.
      delivery.isRefused = true
      const { reader, channel, delivered } = delivery
      reader.onChannel(channel, () => channel.nack(delivered, false, false))
      return
    }
    const { content, properties, fields } = delivery.delivered
    const channel = await this.deadLetterChannel(deadLetterQueue)
    const { reader } = delivery
    const about = { "laba-reason": reason, "laba-queue": reader.queue, "laba-routing-key": fields.routingKey }
    await new Promise<void>((resolve, reject) => {
      // A user id other than ours, and an expired time to live, would be refused here.
      const { userId, expiration, ...kept } = properties
      const given = { ...kept, headers: { ...properties.headers, ...about }, persistent: true }
      channel.sendToQueue(deadLetterQueue, content, given, (error: unknown) =>
        error ? reject(error instanceof Error ? error : new Error("RabbitMQ did not take it")) : resolve(),
      )
    })
  }

  async lag(): Promise<number | null> {
    const counts = await Promise.all(this.readers.map((reader) => reader.count()))
    const known = counts.filter((count) => count !== null)
    return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0)
  }

  pause(): void {
    for (const reader of this.readers) reader.pause()
  }

  resume(): void {
    for (const reader of this.readers) reader.resume()
  }

  /** Hands over nothing more; what was can still be acknowledged. */
  stop(): void {
    for (const reader of this.readers) reader.end()
  }

  /** What is acknowledged by now reaches RabbitMQ before the end does. */
  async close(): Promise<void> {
    if (this.isOver) return
    this.end()
    const { model } = this.options
    const close = async (): Promise<void> => {
      // The end of the connection may overtake what is acknowledged on a channel; a channel's own end does not.
      await Promise.all(this.readers.map((reader) => reader.close()))
      await model.close()
    }
    if (
      !(await within(
        goodbyeMs,
        close().catch(() => {}),
      ))
    )
      (model.connection as unknown as { stream?: { destroy(): void } }).stream?.destroy()
    this.over.resolve()
  }

  private messageOf(reader: QueueReader, channel: Channel, delivered: ConsumeMessage): SourceMessage {
    const message = rabbitMqMessage(reader.queue, delivered)
    this.deliveries.set(message, { reader, channel, delivered, isRefused: false })
    return message
  }

  private fail(error: unknown): void {
    if (this.isOver) return
    this.end()
    this.over.reject(error)
    void this.options.model.close().catch(() => {})
  }

  private end(): void {
    this.isOver = true
    this.stop()
  }

  /** A queue that is missing would swallow what is sent there: it is looked for first. */
  private deadLetterChannel(queue: string): Promise<ConfirmChannel> {
    this.deadLetters ??= (async () => {
      const channel = await this.options.model.createConfirmChannel()
      channel.on("error", () => {
        this.deadLetters = null
      })
      await channel.checkQueue(queue)
      return channel
    })().catch((error: unknown) => {
      this.deadLetters = null
      throw error
    })
    return this.deadLetters
  }
}

interface QueueOptions {
  readonly model: ChannelModel
  readonly queue: string
  readonly prefetch: number
  take(reader: QueueReader, channel: Channel, delivered: readonly ConsumeMessage[]): Promise<void>
  running(): void
  trouble(sentence: string): void
  release(): Promise<void>
  fail(error: unknown): void
}

/** Reads one queue, and comes back to it while it is missing. */
class QueueReader {
  readonly queue: string
  private readonly options: QueueOptions
  private channel: Channel | null = null
  private consumer: string | null = null
  private waiting: ConsumeMessage[] = []
  private taking = false
  private paused = false
  private ended = false
  private timer: Timer | undefined

  constructor(options: QueueOptions) {
    this.options = options
    this.queue = options.queue
  }

  start(): void {
    this.open().catch((error: unknown) => this.failed(error))
  }

  /** How many wait in the queue and are not here; null when it is away. */
  async count(): Promise<number | null> {
    const { channel } = this
    if (!channel) return null
    return (await channel.checkQueue(this.queue)).messageCount
  }

  pause(): void {
    this.paused = true
    const { consumer, channel } = this
    this.consumer = null
    if (consumer !== null && channel)
      this.onChannel(channel, () => void channel.cancel(consumer).catch(() => {}))
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    const { channel } = this
    if (channel) this.consume(channel).catch((error: unknown) => this.failed(error))
  }

  end(): void {
    this.ended = true
    this.waiting = []
    clearTimeout(this.timer)
  }

  async close(): Promise<void> {
    const { channel } = this
    this.channel = null
    await channel?.close()
  }

  private async open(): Promise<void> {
    const { model, prefetch } = this.options
    const channel = await model.createChannel()
    // A channel ends with its first error; whoever waits for an answer on it is told too.
    channel.on("error", (error) => this.failed(error))
    channel.on("close", () => {
      if (this.channel === channel) this.failed(new Error("RabbitMQ ended the channel"))
    })
    await channel.prefetch(prefetch)
    await channel.checkQueue(this.queue)
    this.channel = channel
    if (!this.paused) await this.consume(channel)
    this.options.running()
  }

  private async consume(channel: Channel): Promise<void> {
    const { consumerTag } = await channel.consume(this.queue, (delivered) => {
      if (this.channel !== channel || this.ended) return
      // Nothing: the queue was deleted, or its leader has gone.
      if (delivered === null)
        return this.failed(new Error(`RabbitMQ reads the queue ${this.queue} to us no longer`))
      this.waiting.push(delivered)
      void this.takeAll(channel)
    })
    this.consumer = consumerTag
    // It was paused meanwhile.
    if (this.paused) this.pause()
  }

  /** All that came in one turn is taken at once. */
  private async takeAll(channel: Channel): Promise<void> {
    if (this.taking) return
    this.taking = true
    await Promise.resolve()
    while (this.waiting.length > 0 && this.channel === channel) {
      const { waiting } = this
      this.waiting = []
      await this.options.take(this, channel, waiting)
    }
    this.taking = false
  }

  /** The channel is gone, and what came by it is RabbitMQ's again. */
  private failed(error: unknown): void {
    if (this.ended || this.timer !== undefined) return
    const hadChannel = this.channel !== null
    this.channel = null
    this.consumer = null
    this.waiting = []
    this.options.trouble(isMissing(error) ? `RabbitMQ has no queue ${this.queue}.` : rabbitMqSentence(error))
    const released = this.options.release()
    const again = async (): Promise<void> => {
      await released
      this.timer = undefined
      if (!this.ended) this.start()
    }
    this.timer = setTimeout(() => void again(), hadChannel ? reopenMs : againMs)
  }

  /** A channel that has gone took its acknowledgements with it: the messages come again. */
  onChannel(channel: Channel, use: () => void): void {
    try {
      if (this.channel === channel) use()
    } catch {
      // It was closed in this moment.
    }
  }
}
