// Fetches the records of partitions from the brokers that lead them, and hands them over in order: one fetch ahead of what is being
// taken, and no more.
import { setTimeout as sleep } from "node:timers/promises"
import { within } from "../../bounds/within.ts"
import type { SourceMessage } from "../source.ts"
import type { KafkaConsumer } from "./kafka-client.ts"
import { isAnswer } from "./kafka-errors.ts"
import { messagesIn, placeBehind, type RecordsBatch } from "./kafka-records.ts"
import type { KafkaPartition, KafkaTopic } from "./kafka-topics.ts"

/** What a broker answers to a fetch. */
interface FetchAnswer {
  readonly responses: readonly {
    readonly topicId: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly errorCode: number
      readonly logStartOffset: bigint
      readonly highWatermark: bigint
      readonly records?: readonly RecordsBatch[]
      readonly abortedTransactions?: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[]
    }[]
  }[]
}

interface ReaderOptions {
  readonly fetcher: KafkaConsumer
  readonly partitions: readonly KafkaPartition[]
  readonly inFlight: { readonly messages: number; readonly bytes: number }
  take(messages: readonly SourceMessage[]): Promise<void>
  fail(error: unknown): void
  /** What was to be read next is not kept any more: reading goes on there. */
  moved(partition: KafkaPartition, place: bigint): void
}

/** How long a broker waits for records before it answers that there are none. */
const waitMs = 1000
/** A broker that answers later is taken for gone. */
const answerMsMax = 30_000
/** Between two looks for a new leader. */
const leaderMs = 250
/** That many looks in a row without an answer from a leader are a failure. */
const leaderLooksMax = 40

/** One fetch of all partitions that a broker leads, whatever may be in flight. */
const fetchBytesMax = 8 * 1024 * 1024
/** Less would be many fetches for few records. */
const fetchBytesMin = 64 * 1024
/** One partition's part of a fetch, so that a full one leaves room for others. */
const partitionBytesMax = 1024 * 1024

const offsetOutOfRange = 1
const leaderAnswers = [
  "NOT_LEADER_OR_FOLLOWER",
  "LEADER_NOT_AVAILABLE",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "REPLICA_NOT_AVAILABLE",
]

export class KafkaReader {
  readonly partitions: readonly KafkaPartition[]
  private readonly options: ReaderOptions
  private readonly reading = new Map<number, Promise<void>>()
  /** Takes are one behind the other, whoever fetched. */
  private handing: Promise<void> = Promise.resolve()
  private stopped = false
  private unpaused = Promise.withResolvers<void>()

  constructor(options: ReaderOptions) {
    this.options = options
    this.partitions = options.partitions
    this.unpaused.resolve()
  }

  start(): void {
    for (const { leader } of this.partitions)
      if (!this.reading.has(leader))
        this.reading.set(
          leader,
          this.readFrom(leader).finally(() => this.reading.delete(leader)),
        )
  }

  /** Hands over nothing from now on. Resolves once what is being handed over was taken. */
  async stop(): Promise<void> {
    this.stopped = true
    this.unpaused.resolve()
    await this.handing
  }

  pause(): void {
    this.unpaused = Promise.withResolvers()
  }

  resume(): void {
    this.unpaused.resolve()
  }

  /** Leaders may have changed. */
  follow(topics: readonly KafkaTopic[]): void {
    for (const partition of this.partitions) {
      const leader = topics.find(({ id }) => id === partition.topicId)?.leaders[partition.index]
      if (leader !== undefined && leader >= 0) partition.leader = leader
    }
    if (!this.stopped) this.start()
  }

  private async readFrom(leader: number): Promise<void> {
    let taken = Promise.resolve()
    let looks = 0
    while (!this.stopped) {
      await this.unpaused.promise
      const led = this.partitions.filter((partition) => partition.leader === leader)
      if (this.stopped || led.length === 0) return
      try {
        const answer = await this.fetch(leader, led)
        // Whoever reads now has places of their own.
        if (this.stopped) return
        const messages = this.messagesOf(answer, led)
        looks = 0
        await taken
        if (messages.length > 0) taken = this.hand(messages)
      } catch (error) {
        if (this.stopped) return
        if (isAnswer(error, "OFFSET_OUT_OF_RANGE") && this.moveIntoRange(error, led)) continue
        if (!isAnswer(error, ...leaderAnswers) || ++looks > leaderLooksMax) return this.options.fail(error)
        await sleep(leaderMs)
        await this.lookForLeaders()
      }
    }
  }

  private async fetch(leader: number, led: readonly KafkaPartition[]): Promise<FetchAnswer> {
    const { fetcher, inFlight } = this.options
    const topics = Map.groupBy(led, ({ topicId }) => topicId)
    const maxBytes = Math.max(fetchBytesMin, Math.min(fetchBytesMax, Math.floor(inFlight.bytes / 2)))
    const asked = fetcher.fetch({
      node: leader,
      maxWaitTime: waitMs,
      maxBytes,
      topics: [...topics].map(([topicId, partitions]) => ({
        topicId,
        partitions: partitions.map(({ index, place }) => ({
          partition: index,
          fetchOffset: place,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
          partitionMaxBytes: Math.min(maxBytes, partitionBytesMax),
        })),
      })),
    })
    if (!(await within(answerMsMax, asked))) throw new Error(`broker ${leader} does not answer`)
    return (await asked) as unknown as FetchAnswer
  }

  private messagesOf({ responses }: FetchAnswer, led: readonly KafkaPartition[]): SourceMessage[] {
    const messages: SourceMessage[] = []
    for (const { topicId, partitions } of responses) {
      for (const { partitionIndex, records, abortedTransactions } of partitions) {
        const partition = led.find(({ topicId: id, index }) => id === topicId && index === partitionIndex)
        if (!partition || !records || records.length === 0) continue
        const { name, topic, index, place } = partition
        for (const message of messagesIn(
          { name, topic, index, from: place },
          records,
          abortedTransactions ?? [],
        ))
          messages.push(message)
        partition.place = placeBehind(records, place)
      }
    }
    return messages
  }

  private hand(messages: readonly SourceMessage[]): Promise<void> {
    this.handing = this.handing.then(async () => {
      const { messages: step } = this.options.inFlight
      for (let from = 0; from < messages.length && !this.stopped; from += step)
        await this.options.take(messages.slice(from, from + step))
    })
    return this.handing
  }

  /** What the group had not read yet has expired, or the log is shorter than it was: reading goes on at its start. */
  private moveIntoRange(error: unknown, led: readonly KafkaPartition[]): boolean {
    const answer = answerIn(error)
    let moved = false
    for (const { topicId, partitions } of answer?.responses ?? [])
      for (const { partitionIndex, errorCode, logStartOffset } of partitions) {
        const partition = led.find(({ topicId: id, index }) => id === topicId && index === partitionIndex)
        if (!partition || errorCode !== offsetOutOfRange) continue
        // A broker answers -1 where it does not know its own start.
        partition.place = logStartOffset >= 0n ? logStartOffset : 0n
        this.options.moved(partition, partition.place)
        moved = true
      }
    return moved
  }

  private async lookForLeaders(): Promise<void> {
    const { fetcher } = this.options
    try {
      fetcher.clearMetadata()
      const names = [...new Set(this.partitions.map(({ topic }) => topic))]
      const { topics } = await fetcher.metadata({ topics: names })
      for (const partition of this.partitions) {
        const leader = topics.get(partition.topic)?.partitions[partition.index]?.leader
        if (leader !== undefined && leader >= 0) partition.leader = leader
      }
      if (!this.stopped) this.start()
    } catch {
      // The next look may find them.
    }
  }
}

function answerIn(error: unknown): FetchAnswer | null {
  if (!(error instanceof Error)) return null
  const { response, errors } = error as { response?: FetchAnswer; errors?: readonly Error[] }
  if (response) return response
  for (const each of errors ?? []) {
    const found = answerIn(each)
    if (found) return found
  }
  return null
}
