// Reads topics of an MQTT broker by a session that the broker keeps. A message is acknowledged once it is settled, in the order
// in which they came: QoS 1 by PUBACK, QoS 2 by PUBREC. What is not acknowledged when a connection ends comes again.
import { hostname } from "node:os"
import type { IPublishPacket, Packet } from "mqtt-packet"
import { systemClock } from "../../bounds/clock.ts"
import { StoppableWaits } from "../../bounds/stoppable-waits.ts"
import { within } from "../../bounds/within.ts"
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { ReadingGate } from "../reading-gate.ts"
import type { Source, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { MqttConnection } from "./mqtt-connection.ts"
import { deadLetterOf, type MqttMessage, readPacket } from "./mqtt-message.ts"
import type { MqttSettings } from "./mqtt.ts"
import { refusalOf } from "./refusals.ts"

/** Between two tries. */
const backoff: Backoff = { minMs: 250, maxMs: 30_000 }

/** A connection that lives so long was a good one: the next try comes soon. */
const goodMs = 10_000

/** How long the broker may take to read our last acknowledgements, and to answer a dead letter. */
const closeMs = 4000
const answerMs = 10_000

/** A code of SUBACK from here on is a refusal. */
const refusedFrom = 128

export class MqttSource implements Source {
  setAside?: (message: SourceMessage, reason: string) => Promise<void>
  private readonly settings: MqttSettings
  private readonly receiver: SourceReceiver
  private readonly context: SourceContext
  private readonly clientId: string
  private readonly waits = new StoppableWaits(systemClock)
  private readonly running: Promise<void>
  private connection: MqttConnection | null = null
  private queue: MqttMessage[] = []
  /** Not settled, of this connection. */
  private held = 0
  private heldBytes = 0
  /** Of QoS 2, acknowledged and not released by the broker: it may send them again, and they are known. */
  private readonly unreleased = new Set<number>()
  /** What waits for the broker's answer, by the packet's identifier. */
  private readonly answers = new Map<number, (packet: Packet) => void>()
  private readonly gate: ReadingGate
  private wasThere = false
  private failures = 0

  constructor(settings: MqttSettings, receiver: SourceReceiver, context: SourceContext) {
    this.settings = settings
    this.receiver = receiver
    this.gate = new ReadingGate(receiver)
    this.context = context
    const { share, clientId, deadLetterTopic } = settings
    const own = `laba-${context.name}${share === undefined ? "" : `-${context.node ?? hostname()}`}`
    this.clientId = clientId ?? own
    if (deadLetterTopic !== undefined)
      this.setAside = (message, reason) => this.publishTo(deadLetterTopic, message as MqttMessage, reason)
    this.running = this.run()
  }

  settle(messages: readonly SourceMessage[]): void {
    const answers: Packet[] = []
    for (const { packet, connection, size } of messages as readonly MqttMessage[]) {
      // It has come again, or will, on another connection.
      if (connection !== this.connection) continue
      this.held--
      this.heldBytes -= size
      const answer = this.acknowledgementOf(packet)
      if (answer) answers.push(answer)
    }
    this.connection?.send(...answers)
    this.regulate()
  }

  lag(): Promise<null> {
    // MQTT does not say how many wait.
    return Promise.resolve(null)
  }

  pause(): void {
    this.gate.pause()
  }

  resume(): void {
    this.gate.resume()
  }

  async close(): Promise<void> {
    this.gate.close()
    this.waits.endAll()
    await within(closeMs, this.connection?.close() ?? Promise.resolve())
    await within(closeMs, this.running)
  }

  private async run(): Promise<void> {
    // The receiver is told nothing before it has got its source.
    await Promise.resolve()
    while (!this.gate.isClosed) {
      const startedMs = performance.now()
      try {
        await this.readOnce()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (!this.gate.isClosed) this.receiver.trouble(`MQTT at ${this.settings.url} ${reason}`)
      }
      await this.connection?.close()
      this.connection = null
      await this.receiver.release("all")
      this.failures = performance.now() - startedMs > goodMs ? 1 : this.failures + 1
      if (!this.gate.isClosed) await this.waits.wait(halfToWholeMs(backoff, this.failures, Math.random))
    }
  }

  /** From one connection to its end. Throws why it ended, or was none. */
  private async readOnce(): Promise<void> {
    const { settings, clientId, context } = this
    this.queue = []
    this.held = 0
    this.heldBytes = 0
    const early: ((connection: MqttConnection) => void)[] = []
    const later = (act: (connection: MqttConnection) => void): void =>
      void (this.connection ? act(this.connection) : early.push(act))
    const connection = await MqttConnection.open({
      ...{ settings, clientId, inFlightMax: context.inFlight.messages },
      onPacket: (packet) => later((connection) => this.take(connection, packet)),
      onPassedOver: ({ packet, bytes }) =>
        later((connection) =>
          this.receive(connection, packet, `It is too large to be read: ${bytes} bytes.`),
        ),
    })
    if (this.gate.isClosed) return connection.close()
    this.connection = connection
    let reason: string | null = null
    void connection.ended.then((why) => {
      reason = why
      this.gate.wake()
    })
    if (!connection.sessionPresent) {
      this.unreleased.clear()
      if (this.wasThere)
        this.receiver.trouble(
          `MQTT at ${settings.url} has not kept our session: what was published meanwhile may be lost`,
        )
    }
    this.wasThere = true
    // What the session has kept comes at once.
    for (const act of early) act(connection)
    await this.subscribe(connection)
    this.receiver.running()
    while (reason === null && !this.gate.isClosed) {
      if (this.queue.length === 0) await this.gate.wait()
      else await this.gate.handOver(this.queue.splice(0), () => reason !== null)
    }
    if (reason !== null) throw new Error(reason)
  }

  private async subscribe(connection: MqttConnection): Promise<void> {
    const { topics, share, qos, retained } = this.settings
    // Retained messages come with a new subscription only, or never.
    const subscriptions = topics.map((topic) => ({
      topic: share === undefined ? topic : `$share/${share}/${topic}`,
      ...{ qos, rh: retained ? 1 : 2 },
    }))
    const messageId = connection.nextId()
    const answer = await this.ask(connection, { cmd: "subscribe", messageId, subscriptions })
    if (answer.cmd !== "suback") return
    for (const [i, granted] of (answer.granted as number[]).entries()) {
      const topic = topics[i] ?? ""
      if (granted >= refusedFrom)
        throw new Error(
          `refuses the subscription to ${topic}: it ${refusalOf(5, granted) ?? "gives no reason"}`,
        )
      if (granted < qos)
        this.receiver.trouble(
          `MQTT at ${this.settings.url} grants QoS ${granted} instead of ${qos} for ${topic}`,
        )
    }
  }

  private take(connection: MqttConnection, packet: Packet): void {
    if (packet.cmd === "publish") return this.receive(connection, packet)
    if (packet.cmd !== "pubrel") return this.answers.get(packet.messageId ?? 0)?.(packet)
    this.unreleased.delete(packet.messageId ?? 0)
    connection.send({ cmd: "pubcomp", ...identified(packet) })
  }

  private receive(connection: MqttConnection, packet: IPublishPacket, broken?: string): void {
    const { messageId = 0, qos, retain } = packet
    if (qos === 2 && this.unreleased.has(messageId))
      return connection.send({ cmd: "pubrec", ...identified(packet) })
    if (retain && !this.settings.retained) {
      const answer = this.acknowledgementOf(packet)
      if (answer) connection.send(answer)
      return
    }
    const message = { ...readPacket(packet, connection), broken }
    this.queue.push(message)
    this.held++
    this.heldBytes += message.size
    this.regulate()
    // Those of one turn are handed over at once.
    if (this.queue.length === 1) setImmediate(() => this.gate.wake())
  }

  private acknowledgementOf(packet: IPublishPacket): Packet | null {
    if (packet.qos === 0) return null
    if (packet.qos === 1) return { cmd: "puback", ...identified(packet) }
    this.unreleased.add(packet.messageId ?? 0)
    return { cmd: "pubrec", ...identified(packet) }
  }

  /** The broker counts what is not acknowledged, of QoS 1 and 2 and in version 5; bytes, and the rest, we hold off by not reading. */
  private regulate(): void {
    const { messages, bytes } = this.context.inFlight
    this.connection?.stopReading(this.heldBytes >= bytes || this.held >= messages * 2)
  }

  private async publishTo(topic: string, message: MqttMessage, reason: string): Promise<void> {
    const { connection } = this
    if (!connection) throw new Error("MQTT is away.")
    const packet = { ...deadLetterOf(message, reason, topic), messageId: connection.nextId() }
    const answer = await this.ask(connection, packet)
    const code = answer.cmd === "puback" ? (answer.reasonCode ?? 0) : 0
    // 16: nobody listens there, and that is no refusal.
    if (code >= refusedFrom) throw new Error(`The broker ${refusalOf(5, code)}.`)
  }

  /** Sends a packet and waits for what answers it. Throws when the connection ends, or after a while. */
  private async ask(connection: MqttConnection, packet: Packet): Promise<Packet> {
    const { messageId = 0 } = packet
    const answered = Promise.withResolvers<Packet>()
    this.answers.set(messageId, answered.resolve)
    const timer = setTimeout(() => answered.reject(new Error("does not answer")), answerMs)
    void connection.ended.then((reason) => answered.reject(new Error(reason)))
    try {
      connection.send(packet)
      return await answered.promise
    } finally {
      clearTimeout(timer)
      this.answers.delete(messageId)
    }
  }
}

const identified = ({ messageId }: Packet): { readonly messageId: number } => ({ messageId: messageId ?? 0 })
