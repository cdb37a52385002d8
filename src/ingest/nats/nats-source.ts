// Reads a stream of JetStream by a durable consumer, one connection after another. Messages are acknowledged once they are
// settled; each connection begins behind what was.
import { jetstream } from "@nats-io/jetstream"
import { systemClock } from "../../bounds/clock.ts"
import { StoppableWaits } from "../../bounds/stoppable-waits.ts"
import { within } from "../../bounds/within.ts"
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { ReadingGate } from "../reading-gate.ts"
import type { SeekPlace, Source, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { type ConsumerStart, DurableConsumer, type TakenConsumer } from "./durable-consumer.ts"
import { connectTo, type JetStreamLink } from "./nats-connection.ts"
import {
  deadLetterOf,
  deliveryOf,
  type JetStreamMessage,
  lostMessages,
  readMessage,
  sequenceAt,
} from "./nats-message.ts"
import type { NatsSettings } from "./nats.ts"
import { PulledMessages } from "./pulled-messages.ts"

/** Between two tries. */
const backoff: Backoff = { minMs: 250, maxMs: 30_000 }

/** How long the last acknowledgements may take when the source is closed. */
const closeMs = 2000

const acknowledged = "+ACK"

export class NatsSource implements Source {
  setAside?: (message: SourceMessage, reason: string) => Promise<void>
  private readonly settings: NatsSettings
  private readonly receiver: SourceReceiver
  private readonly context: SourceContext
  private readonly consumer: DurableConsumer
  private readonly waits = new StoppableWaits(systemClock)
  private readonly running: Promise<void>
  private link: JetStreamLink | null = null
  private pulled: PulledMessages | null = null
  /** Handed over and not settled, by their sequence. */
  private readonly held = new Map<number, JetStreamMessage>()
  /** Why a message was set aside; JetStream is told so when it is settled. */
  private readonly reasons = new WeakMap<SourceMessage, string>()
  private readonly gate: ReadingGate
  /** What it reads, once it does. */
  private partition: string | null = null
  private seeking: { readonly start: ConsumerStart; done(error?: unknown): void } | null = null
  private wentElsewhere = false
  private failures = 0

  constructor(settings: NatsSettings, receiver: SourceReceiver, context: SourceContext) {
    this.settings = settings
    this.receiver = receiver
    this.gate = new ReadingGate(receiver)
    this.context = context
    const name = settings.durable ?? `laba-${context.name}`
    this.consumer = new DurableConsumer(settings, { name, inFlightMax: context.inFlight.messages })
    const { deadLetterSubject } = settings
    if (deadLetterSubject !== undefined)
      this.setAside = (message, reason) =>
        this.publishTo(deadLetterSubject, message as JetStreamMessage, reason)
    this.running = this.run()
  }

  settle(messages: readonly SourceMessage[]): void {
    for (const message of messages as readonly JetStreamMessage[]) {
      const { sequence, delivered } = message
      // One of an earlier connection: its place was handed over again.
      if (this.held.get(sequence) === message) this.held.delete(sequence)
      const reason = this.reasons.get(message)
      try {
        delivered?.respond(reason === undefined ? acknowledged : `+TERM ${reason.replaceAll(/\s+/g, " ")}`)
      } catch {
        // The connection is gone: it comes again, and the engine knows it.
      }
    }
  }

  async lag(): Promise<number | null> {
    try {
      const info = await this.link?.manager.consumers.info(this.settings.stream, this.consumer.name)
      return info ? info.num_pending + info.num_ack_pending : null
    } catch {
      return null
    }
  }

  pause(): void {
    this.gate.pause()
  }

  resume(): void {
    this.gate.resume()
  }

  async seek(place: SeekPlace): Promise<boolean> {
    if (typeof place === "object" && "partition" in place && place.partition !== this.partition) return false
    const start = startOf(place)
    const went = Promise.withResolvers<void>()
    this.seeking?.done(new Error("It was sent to another place meanwhile."))
    this.seeking = { start, done: (error) => (error ? went.reject(error) : went.resolve()) }
    this.waits.endAll()
    this.wake()
    await went.promise
    return true
  }

  async close(): Promise<void> {
    this.gate.close()
    this.pulled?.wake()
    this.seeking?.done(new Error("The source is closed."))
    this.waits.endAll()
    // What was acknowledged last is sent before the connection ends.
    const flushed = this.link?.connection.flush().catch(() => {})
    await within(closeMs, Promise.all([flushed, this.running]))
    await within(closeMs, this.link?.connection.close() ?? Promise.resolve())
  }

  private async run(): Promise<void> {
    // The receiver is told nothing before it has got its source.
    await Promise.resolve()
    while (!this.gate.isClosed) {
      try {
        const link = await connectTo(this.settings, this.context.clientId)
        this.link = link
        if (this.gate.isClosed) return
        await this.readAll(link)
      } catch (error) {
        this.seeking?.done(error)
        this.seeking = null
        if (!this.gate.isClosed) this.receiver.trouble(error instanceof Error ? error.message : String(error))
        this.failures++
      }
      if (this.gate.isClosed) return
      await this.receiver.release("all")
      await this.link?.connection.close().catch(() => {})
      this.link = null
      if (!this.gate.isClosed) await this.waits.wait(halfToWholeMs(backoff, this.failures, Math.random))
    }
  }

  /** Reads until the connection, or the consumer, is no longer ours. */
  private async readAll(link: JetStreamLink): Promise<void> {
    const { stream, servers } = this.settings
    const where = `NATS at ${servers.join(", ")}`
    try {
      while (!this.gate.isClosed) {
        const taken = await this.consumer.take(link.manager)
        this.held.clear()
        const pulled = new PulledMessages({
          connection: link.connection,
          subject: `${link.prefix}.CONSUMER.MSG.NEXT.${stream}.${this.consumer.name}`,
          inFlight: this.context.inFlight,
        })
        this.pulled = pulled
        this.receiver.running()
        try {
          await this.readFrom(pulled, taken)
        } finally {
          this.pulled = null
          pulled.stop()
        }
        if (this.gate.isClosed) return
        await this.receiver.release("all")
        const { seeking } = this
        this.seeking = null
        if (seeking) await this.goTo(link, seeking)
      }
    } catch (error) {
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }

  private async goTo(link: JetStreamLink, { start, done }: NonNullable<typeof this.seeking>): Promise<void> {
    try {
      await this.consumer.restartAt(link.manager, start)
      this.wentElsewhere = true
      done()
    } catch (error) {
      done(error)
    }
  }

  /** Until the source is closed or sent elsewhere. */
  private async readFrom(pulled: PulledMessages, taken: TakenConsumer): Promise<void> {
    const place = { stream: this.settings.stream, partition: taken.partition }
    this.partition = taken.partition
    // Where it begins anew, nobody has missed what is gone already.
    let lastSequence =
      taken.isNew || this.wentElsewhere
        ? Math.max(taken.acknowledged, taken.firstSequence - 1)
        : taken.acknowledged
    this.wentElsewhere = false
    let lastDelivery = taken.delivered
    while (!this.gate.isClosed && !this.seeking) {
      await this.gate.whilePaused(() => this.seeking !== null)
      if (this.gate.isClosed || this.seeking) return
      const batch: JetStreamMessage[] = []
      for (const message of await pulled.next()) {
        const delivery = deliveryOf(message)
        if (!delivery) continue
        // Each hand-over is counted: one that is missing went to somebody else, or got lost.
        if (delivery.deliveryNumber !== lastDelivery + 1)
          throw new Error(
            `the consumer ${this.consumer.name} has handed messages to another reader; each cluster needs a durable of its own`,
          )
        lastDelivery = delivery.deliveryNumber
        const { sequence } = delivery
        if (sequence <= lastSequence) this.again(sequence, message)
        else {
          const lost = sequence - lastSequence - 1
          if (lost > 0 && taken.losesByLimits) batch.push(lostMessages(lost, sequence - 1, place))
          const read = readMessage(message, delivery, place)
          this.held.set(sequence, read)
          batch.push(read)
          lastSequence = sequence
        }
      }
      if (batch.length === 0) continue
      this.failures = 0
      await this.gate.handOver(batch, () => this.seeking !== null)
    }
  }

  /** JetStream hands over again what was not acknowledged for long: it is still on its way, or its acknowledgement was lost. */
  private again(sequence: number, message: NonNullable<JetStreamMessage["delivered"]>): void {
    const held = this.held.get(sequence)
    if (held) held.delivered = message
    else message.respond(acknowledged)
  }

  private async publishTo(subject: string, message: JetStreamMessage, reason: string): Promise<void> {
    const { link } = this
    if (!link) throw new Error("NATS is away.")
    const payloadMax = link.connection.info?.max_payload ?? 1024 * 1024
    const { headers, data } = deadLetterOf(message, reason, payloadMax)
    await jetstream(link.connection).publish(subject, data, {
      headers,
      // Tried again after a lost answer it is there once.
      msgID: `${this.context.name} ${message.partition} ${message.position}`,
    })
    this.reasons.set(message, reason)
  }

  private wake(): void {
    this.gate.wake()
    this.pulled?.wake()
  }
}

function startOf(place: SeekPlace): ConsumerStart {
  if (place === "start") return { sequence: 1 }
  if ("time" in place) return { timeMs: place.time }
  const sequence = sequenceAt(place.position)
  if (sequence === null) throw new Error(`${place.position} is no position of a stream of NATS.`)
  return { sequence }
}
