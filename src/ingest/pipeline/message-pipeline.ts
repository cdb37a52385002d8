// The way of messages from a source into the engine: in order, each settled once it is published, passed over or set aside.
// Knows neither kinds of sources nor of engines.
import type { SourceMessage, SourceReceiver } from "../source.ts"
import { PartitionQueue } from "./partition-queue.ts"
import type { PipelineOptions } from "./pipeline.ts"

/** Messages, and their bytes, taken in one turn: whoever listens to something else is not kept waiting by a batch. */
const sliceMax = 64
const sliceBytesMax = 256 * 1024

/** What an empty message costs in memory, and a header of one. */
const bytesPerMessage = 200
const bytesPerHeader = 50

/** Of everything in it that its sender makes as long as they like. */
function bytesOf(message: SourceMessage): number {
  const { body, key } = message
  if (message.bytes !== undefined) return message.bytes + bytesPerMessage
  let bytes = (body?.length ?? 0) + (key?.length ?? 0) + bytesPerMessage
  for (const [name, value] of message.headers) bytes += name.length + value.length + bytesPerHeader
  return bytes
}

export class MessagePipeline implements Pick<SourceReceiver, "take" | "release"> {
  private readonly options: PipelineOptions
  private readonly queues = new Map<string, PartitionQueue>()
  private messages = 0
  private bytes = 0
  private waiting: (() => void)[] = []

  constructor(options: PipelineOptions) {
    this.options = options
  }

  /** Messages that were taken and are not answered for. */
  get inFlight(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.messages, bytes: this.bytes }
  }

  async take(messages: readonly SourceMessage[]): Promise<void> {
    const taken = messages.map((message) => {
      const bytes = bytesOf(message)
      this.messages++
      this.bytes += bytes
      return { message, bytes, queue: this.queueOf(message.partition) }
    })
    let slice = { messages: 0, bytes: 0 }
    for (const { message, bytes, queue } of taken) {
      if (slice.messages === sliceMax || slice.bytes >= sliceBytesMax) {
        await new Promise((resolve) => setImmediate(resolve))
        slice = { messages: 0, bytes: 0 }
      }
      queue.add(message)
      slice.messages++
      slice.bytes += bytes
    }
    while (!this.hasRoom) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  async release(partitions: readonly string[] | "all"): Promise<void> {
    const names = partitions === "all" ? [...this.queues.keys()] : partitions
    await Promise.all(
      names.map(async (name) => {
        const queue = this.queues.get(name)
        this.queues.delete(name)
        await queue?.release()
      }),
    )
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    while (this.messages > 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  private get hasRoom(): boolean {
    const { inFlight } = this.options
    return this.messages < inFlight.messages && this.bytes < inFlight.bytes
  }

  private queueOf(partition: string): PartitionQueue {
    const known = this.queues.get(partition)
    if (known) return known
    const made = new PartitionQueue(this.options, (gone) => this.forget(gone))
    this.queues.set(partition, made)
    return made
  }

  /** They are settled, or given back. */
  private forget(messages: readonly SourceMessage[]): void {
    this.messages -= messages.length
    for (const message of messages) this.bytes -= bytesOf(message)
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
