// A source of messages that a test has written: hands them over in order, and throws when they are settled in another.
import { z } from "zod"
import type {
  SeekPlace,
  Source,
  SourceContext,
  SourceKind,
  SourceMessage,
  SourceReceiver,
} from "../../src/ingest/source.ts"

const encoder = new TextEncoder()

/** A position as sources write them: sorts as the numbers do. */
export const positionAt = (offset: number): string => String(offset).padStart(20, "0")

export type WrittenMessage = Partial<Omit<SourceMessage, "key" | "body">> & {
  readonly key?: string | null
  readonly body?: string | Uint8Array | null
}

/** A broker in memory: a log for each partition, how far each was settled, and who reads. */
export class ScriptedBroker {
  readonly logs = new Map<string, SourceMessage[]>()
  readonly settled = new Map<string, number>()
  readonly setAside: { message: SourceMessage; reason: string }[] = []
  readonly opened: ScriptedSource[] = []
  refusesDeadLetters = (): boolean => false
  /** How many are handed over at once. */
  batch = 10

  write(partition: string, ...messages: readonly WrittenMessage[]): void {
    const log = this.logs.get(partition) ?? []
    this.logs.set(partition, log)
    for (const { key, body, ...other } of messages) {
      log.push({
        partition,
        position: positionAt(log.length),
        topic: "orders",
        key: typeof key === "string" ? encoder.encode(key) : null,
        body: typeof body === "string" ? encoder.encode(body) : (body ?? null),
        contentType: null,
        headers: new Map(),
        fields: {},
        time: null,
        ...other,
      })
    }
    for (const source of this.opened) source.wake()
  }

  /** How many are not settled. */
  get waiting(): number {
    let waiting = 0
    for (const [partition, log] of this.logs) waiting += log.length - (this.settled.get(partition) ?? 0)
    return waiting
  }

  kind(changes: Partial<SourceKind> = {}): SourceKind {
    return {
      name: "scripted",
      schema: z.unknown(),
      fields: ["queue"],
      positions: true,
      exclusive: false,
      describe: () => "a scripted source",
      open: (_settings, receiver, context) => new ScriptedSource(this, receiver, context),
      ...changes,
    }
  }
}

export class ScriptedSource implements Source {
  readonly context: SourceContext
  /** What was settled out of order, or twice. */
  readonly faults: string[] = []
  private readonly broker: ScriptedBroker
  private readonly receiver: SourceReceiver
  private readonly next = new Map<string, number>()
  private readonly givenUp = new Set<string>()
  private woken = Promise.withResolvers<void>()
  private paused = false
  private closed = false

  constructor(broker: ScriptedBroker, receiver: SourceReceiver, context: SourceContext) {
    this.broker = broker
    this.receiver = receiver
    this.context = context
    broker.opened.push(this)
    void this.read()
  }

  wake(): void {
    this.woken.resolve()
  }

  settle(messages: readonly SourceMessage[]): void {
    for (const { partition, position } of messages) {
      const due = this.broker.settled.get(partition) ?? 0
      const log = this.broker.logs.get(partition) ?? []
      if (log[due]?.position !== position) this.faults.push(`${partition} ${position} instead of ${due}`)
      this.broker.settled.set(partition, Math.max(due, log.findIndex((one) => one.position === position) + 1))
    }
  }

  async setAside(message: SourceMessage, reason: string): Promise<void> {
    if (this.broker.refusesDeadLetters()) throw new Error("The queue is full.")
    this.broker.setAside.push({ message, reason })
  }

  async lag(): Promise<number> {
    return this.broker.waiting
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.wake()
  }

  async seek(place: SeekPlace): Promise<boolean> {
    if (place !== "start") throw new Error("A scripted source goes to its start only.")
    this.broker.settled.clear()
    this.next.clear()
    this.wake()
    return true
  }

  /** Gives up these partitions, and takes them again from what was settled, as after a rebalance. */
  async rebalance(partitions: readonly string[] | "all" = "all"): Promise<void> {
    const names = partitions === "all" ? [...this.broker.logs.keys()] : partitions
    // Nothing of them is handed over until they are ours again.
    for (const name of names) this.givenUp.add(name)
    await this.receiver.release(partitions)
    for (const name of names) {
      this.next.delete(name)
      this.givenUp.delete(name)
    }
    this.wake()
  }

  async close(): Promise<void> {
    this.closed = true
    this.broker.opened.splice(this.broker.opened.indexOf(this), 1)
    this.wake()
  }

  private async read(): Promise<void> {
    await Promise.resolve()
    this.receiver.running()
    while (!this.closed) {
      const batch = this.paused ? [] : this.nextBatch()
      if (batch.length === 0) {
        await this.woken.promise
        this.woken = Promise.withResolvers<void>()
      } else await this.receiver.take(batch)
    }
  }

  private nextBatch(): SourceMessage[] {
    const batch: SourceMessage[] = []
    for (const [partition, log] of this.broker.logs) {
      if (this.givenUp.has(partition)) continue
      const from = this.next.get(partition) ?? this.broker.settled.get(partition) ?? 0
      const taken = log.slice(from, from + this.broker.batch - batch.length)
      if (taken.length > 0) this.next.set(partition, from + taken.length)
      batch.push(...taken)
    }
    return batch
  }
}
