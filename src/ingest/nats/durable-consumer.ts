// The durable consumer of a stream that an ingest reads by. JetStream hands its messages to whoever pulls; we are one reader at a
// time, and a reader that follows another makes the consumer anew behind what was acknowledged. So pulls of the one before
// end, and what it left comes first, in order.
//
// While there is no consumer a second one keeps its place: nothing is lost when we die in between.
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  type StreamInfo,
} from "@nats-io/jetstream"
import type { NatsSettings } from "./nats.ts"

/** How long a message may be on its way before JetStream hands it over again: acknowledgements get lost with a connection. */
const acknowledgeWaitNanos = 300 * 1e9

/** Where a consumer begins. */
export type ConsumerStart = { readonly sequence: number } | { readonly timeMs: number }

export interface TakenConsumer {
  /** Names the stream, and a stream made anew under its name otherwise. */
  readonly partition: string
  /** Up to here all is acknowledged: what comes is behind it. */
  readonly acknowledged: number
  /** How many it has handed over so far, to whomever. */
  readonly delivered: number
  /** The first message that the stream has. */
  readonly firstSequence: number
  /** Nobody has read by it yet. */
  readonly isNew: boolean
  /** Whether only a limit of the stream, a purge or a deletion takes messages out of it unread. */
  readonly losesByLimits: boolean
}

export class DurableConsumer {
  readonly name: string
  private readonly settings: NatsSettings
  private readonly inFlightMax: number

  constructor(settings: NatsSettings, options: { readonly name: string; readonly inFlightMax: number }) {
    this.settings = settings
    this.name = options.name
    this.inFlightMax = options.inFlightMax
  }

  /** Makes it ours. Throws a sentence for people. */
  async take(manager: JetStreamManager): Promise<TakenConsumer> {
    const stream = await this.stream(manager)
    const info = await this.info(manager, this.name)
    if (info && (info.config.deliver_subject !== undefined || info.config.ack_policy !== AckPolicy.Explicit))
      throw new Error(
        `the consumer ${this.name} of the stream ${this.settings.stream} is somebody else's: it is no pull consumer with explicit acknowledgements`,
      )
    const taken =
      info && this.isUntouched(info)
        ? info
        : await this.make(manager, stream, {
            start: await this.startOf(manager, stream, info),
            isThere: info !== null,
          })
    return {
      partition: `${this.settings.stream}@${stream.created}`,
      acknowledged: taken.ack_floor.stream_seq,
      delivered: taken.delivered.consumer_seq,
      firstSequence: stream.state.first_seq,
      isNew: info === null,
      losesByLimits:
        this.settings.subjects === undefined &&
        stream.config.retention === RetentionPolicy.Limits &&
        stream.config.max_msgs_per_subject <= 0,
    }
  }

  /** Lets it begin elsewhere. Throws where the stream has nothing left to begin at. */
  async restartAt(manager: JetStreamManager, start: ConsumerStart): Promise<void> {
    const stream = await this.stream(manager)
    if (stream.config.retention === RetentionPolicy.Workqueue)
      throw new Error("A work queue keeps nothing that was settled.")
    const isThere = (await this.info(manager, this.name)) !== null
    await this.make(manager, stream, { start, isThere })
  }

  private async stream(manager: JetStreamManager): Promise<StreamInfo> {
    try {
      return await manager.streams.info(this.settings.stream)
    } catch (error) {
      if (isMissing(error)) throw new Error(`there is no stream ${this.settings.stream}`, { cause: error })
      throw error
    }
  }

  private async info(manager: JetStreamManager, name: string): Promise<ConsumerInfo | null> {
    try {
      return await manager.consumers.info(this.settings.stream, name)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** Nothing is under way at it, and it is as we would make it. */
  private isUntouched({ config, num_ack_pending, num_waiting }: ConsumerInfo): boolean {
    const wanted = this.config
    const filtersOf = ({ filter_subject, filter_subjects }: Partial<ConsumerConfig>) =>
      JSON.stringify(filter_subjects ?? (filter_subject ? [filter_subject] : []))
    return (
      num_ack_pending === 0 &&
      num_waiting === 0 &&
      config.max_ack_pending === wanted.max_ack_pending &&
      (config.max_deliver ?? -1) === -1 &&
      filtersOf(config) === filtersOf(wanted)
    )
  }

  /** Behind what was acknowledged; where a death left only the second consumer, where that one stands. */
  private async startOf(
    manager: JetStreamManager,
    stream: StreamInfo,
    info: ConsumerInfo | null,
  ): Promise<ConsumerStart> {
    const known = info ?? (await this.info(manager, this.placeholderName))
    if (known) return { sequence: known.ack_floor.stream_seq + 1 }
    return { sequence: this.settings.from === "new" ? stream.state.last_seq + 1 : 1 }
  }

  private async make(
    manager: JetStreamManager,
    stream: StreamInfo,
    { start, isThere }: { readonly start: ConsumerStart; readonly isThere: boolean },
  ): Promise<ConsumerInfo> {
    const { stream: streamName } = this.settings
    // A work queue has one consumer for a subject, which gets all that is left: nothing has to keep the place.
    const isQueue = stream.config.retention === RetentionPolicy.Workqueue
    const config = {
      ...this.config,
      ...(isQueue ? { deliver_policy: DeliverPolicy.All } : policyOf(start)),
    }
    if (isThere) {
      await this.remove(manager, this.placeholderName)
      if (!isQueue) await manager.consumers.add(streamName, { ...config, durable_name: this.placeholderName })
      await this.remove(manager, this.name)
    }
    const made = await manager.consumers.add(streamName, { ...config, durable_name: this.name })
    await this.remove(manager, this.placeholderName)
    return made
  }

  private async remove(manager: JetStreamManager, name: string): Promise<void> {
    try {
      await manager.consumers.delete(this.settings.stream, name)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  private get placeholderName(): string {
    return `${this.name}_place`
  }

  private get config(): Partial<ConsumerConfig> {
    const { subjects = [] } = this.settings
    const [only] = subjects
    return {
      ack_policy: AckPolicy.Explicit,
      ack_wait: acknowledgeWaitNanos,
      max_deliver: -1,
      max_ack_pending: this.inFlightMax,
      ...(only !== undefined && subjects.length === 1 && { filter_subject: only }),
      ...(subjects.length > 1 && { filter_subjects: [...subjects] }),
    }
  }
}

function policyOf(start: ConsumerStart): Partial<ConsumerConfig> {
  if ("timeMs" in start)
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(start.timeMs).toISOString() }
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, start.sequence) }
}

const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError &&
  (error.code === JetStreamApiCodes.ConsumerNotFound || error.code === JetStreamApiCodes.StreamNotFound)
