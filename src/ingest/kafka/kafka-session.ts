// One membership in a consumer group of Kafka, from joining to its first failure: reads what the group gives it, and commits what
// was settled. Knows nothing of what comes behind it; `kafka-source.ts` begins another one.
import { systemClock } from "../../bounds/clock.ts"
import { within } from "../../bounds/within.ts"
import type { SeekPlace, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { endConsumer, type KafkaConsumer, type KafkaLibrary, newConsumer, sessionMs } from "./kafka-client.ts"
import { isAnswer } from "./kafka-errors.ts"
import { KafkaOffsets } from "./kafka-offsets.ts"
import { KafkaReader } from "./kafka-reader.ts"
import type { KafkaSettings } from "./kafka-settings.ts"
import { findTopics, type KafkaPartition, type KafkaTopic, startingPlaces } from "./kafka-topics.ts"

interface SessionOptions {
  /** Who a session before was in the group: the group does not wait for a member that is here again. */
  readonly memberId: string | null
  readonly library: KafkaLibrary
  readonly settings: KafkaSettings
  readonly receiver: SourceReceiver
  readonly context: SourceContext
}

type Assignments = readonly { readonly topic: string; readonly partitions: readonly number[] }[]

const commitEveryMs = 500
const lookEveryMs = 1000
/** Topics are looked at as often: whether they were made anew, have more partitions, or are there at last. */
const topicsEveryMs = 10_000
/** Joining takes as long as the slowest member. */
const joinMsMax = 90_000
const goodbyeMs = 2000

/** What a broker answers to whoever is no member any more, or not yet of the next round. */
const rejoinAnswers = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]

export class KafkaSession {
  private readonly options: SessionOptions
  private readonly over = Promise.withResolvers<void>()
  /** Who this is in the group, once it has joined. */
  memberId: string | null = null
  private isOver = false
  private paused = false
  private group: KafkaConsumer | null = null
  private fetcher: KafkaConsumer | null = null
  private reader: KafkaReader | null = null
  private topics: readonly KafkaTopic[] = []
  private missing: readonly string[] = []
  private readonly offsets = new KafkaOffsets()
  /** Which of the group's rounds this is. What a round before it does is of no account. */
  private round = 0
  private isJoined = false
  private beatAt = systemClock.monotonic()
  private released: Promise<void> = Promise.resolve()

  constructor(options: SessionOptions) {
    this.options = options
    // Whoever asks hears of it by run().
    this.over.promise.catch(() => {})
  }

  /** Resolves when it was ended, or should begin anew; rejects with what made it fail. */
  async run(): Promise<void> {
    let timers: readonly Timer[] = []
    try {
      await Promise.race([this.join(), this.over.promise])
      timers = [
        setInterval(() => this.look(), lookEveryMs),
        setInterval(() => void this.commit(), commitEveryMs),
        setInterval(() => void this.lookAtTopics(), topicsEveryMs),
      ]
      await this.over.promise
    } finally {
      for (const timer of timers) clearInterval(timer)
      this.isOver = true
      this.round++
      // Nothing may be handed over behind what is given back now: it would overtake it.
      void this.reader?.stop()
      await this.options.receiver.release("all")
      if (this.isJoined) await within(goodbyeMs, this.commit()).catch(() => {})
      const clients = [this.group, this.fetcher].filter((client) => client !== null)
      await Promise.all(clients.map(endConsumer))
    }
  }

  end(): void {
    this.over.resolve()
  }

  settle(messages: readonly SourceMessage[]): void {
    this.offsets.settle(messages)
  }

  pause(): void {
    this.paused = true
    this.reader?.pause()
  }

  resume(): void {
    this.paused = false
    this.reader?.resume()
  }

  async lag(): Promise<number | null> {
    const { fetcher, reader } = this
    if (!fetcher || !reader) return null
    const ends = await fetcher.listOffsets({ topics: this.topics.map(({ name }) => name), timestamp: -1n })
    let lag = 0n
    for (const { topic, index, name, place } of reader.partitions) {
      const end = ends.get(topic)?.[index]
      const settled = this.offsets.settledTo(name) ?? place
      if (end !== undefined && end > settled) lag += end - settled
    }
    return Number(lag)
  }

  async seek(place: SeekPlace): Promise<boolean> {
    const { fetcher, reader, options } = this
    if (!fetcher || !reader || !this.isJoined)
      throw new Error("Kafka is away, or the group is dividing its topics.")
    const places = await this.placesOf(place, fetcher, reader.partitions)
    if (places.size === 0) return false
    const round = ++this.round
    await reader.stop()
    await options.receiver.release("all")
    for (const partition of reader.partitions) {
      const to = places.get(partition.name)
      if (to === undefined) continue
      partition.place = to
      this.offsets.move(partition, to)
    }
    await this.commit()
    if (round === this.round) this.read(reader.partitions)
    return true
  }

  /** Empty when none of these is where it goes to. */
  private async placesOf(
    place: SeekPlace,
    fetcher: KafkaConsumer,
    partitions: readonly KafkaPartition[],
  ): Promise<ReadonlyMap<string, bigint>> {
    if (place !== "start" && "partition" in place) {
      const wanted = partitions.find(({ name }) => name === place.partition)
      if (!/^\d+$/.test(place.position)) throw new Error(`${place.position} is no position of Kafka's.`)
      return new Map(wanted ? [[wanted.name, BigInt(place.position)]] : [])
    }
    const topics = this.topics.map(({ name }) => name)
    const first = await fetcher.listOffsets({
      topics,
      timestamp: place === "start" ? -2n : BigInt(place.time),
    })
    const ends = await fetcher.listOffsets({ topics, timestamp: -1n })
    return new Map(
      partitions.map(({ name, topic, index }) => {
        const found = first.get(topic)?.[index]
        // Nothing was written since then: the end.
        return [name, found !== undefined && found >= 0n ? found : (ends.get(topic)?.[index] ?? 0n)]
      }),
    )
  }

  private fail(error: unknown): void {
    if (!this.isOver) this.over.reject(error)
  }

  private async join(): Promise<void> {
    const { options } = this
    const { library, settings, context } = options
    const fetcher = newConsumer(library, settings, { clientId: `${context.clientId}-reader`, topics: [] })
    // An event without anybody who listens would end the process.
    fetcher.on("error" as never, () => {})
    this.fetcher = fetcher
    const { topics, missing } = await findTopics(fetcher, settings.topics)
    this.topics = topics
    this.missing = missing
    if (topics.length === 0) throw new Error(missingSentence(missing))
    const names = topics.map(({ name }) => name)
    for (const name of names) fetcher.topics.track(name)
    const group = newConsumer(library, settings, { clientId: context.clientId, topics: names })
    this.group = group
    group.memberId = options.memberId
    this.follow(group)
    if (!(await within(joinMsMax, group.joinGroup({})))) throw new Error("the group does not come together")
  }

  private follow(group: KafkaConsumer): void {
    const on = group.on.bind(group) as unknown as (event: string, listener: (told: never) => void) => void
    on("error", (error) => this.fail(error))
    on("consumer:heartbeat:error", ({ error }: { error: unknown }) => this.fail(error))
    on("consumer:heartbeat:end", () => {
      this.beatAt = systemClock.monotonic()
    })
    on("consumer:group:rebalance", () => this.revoke())
    on("consumer:group:join", ({ assignments }: { assignments: Assignments }) => {
      this.assign(assignments ?? []).catch((error: unknown) => this.fail(error))
    })
  }

  /** The group divides its topics anew. What is settled by now is committed before we join, what is not is given back. */
  private revoke(): void {
    if (this.isOver) return
    this.round++
    void this.commit()
    this.isJoined = false
    this.beatAt = systemClock.monotonic()
    void this.reader?.stop()
    this.released = this.options.receiver.release("all")
  }

  private async assign(assignments: Assignments): Promise<void> {
    const { group, fetcher, options } = this
    if (!group || !fetcher || this.isOver) return
    const round = ++this.round
    this.isJoined = true
    this.beatAt = systemClock.monotonic()
    this.memberId = group.memberId
    await this.released
    const mine = assignments.flatMap(({ topic, partitions }) => {
      const found = this.topics.find(({ name }) => name === topic)
      return found ? partitions.map((index) => found.partitionAt(index)) : []
    })
    this.offsets.keep(mine)
    await this.commit()
    if (round !== this.round) return
    const places = await startingPlaces({ group, fetcher, topics: this.topics, from: options.settings.from })
    if (round !== this.round) return
    for (const partition of mine) {
      partition.place = places.get(partition.name) ?? 0n
      this.offsets.start(partition)
    }
    this.read(mine)
    options.receiver.running()
    if (this.missing.length > 0) options.receiver.trouble(missingSentence(this.missing))
  }

  private read(partitions: readonly KafkaPartition[]): void {
    const { fetcher, options } = this
    if (!fetcher) return
    this.reader = new KafkaReader({
      fetcher,
      partitions,
      inFlight: options.context.inFlight,
      take: (messages) => options.receiver.take(messages),
      fail: (error) => this.fail(error),
      moved: (partition, place) => this.offsets.move(partition, place),
    })
    if (this.paused) this.reader.pause()
    this.reader.start()
  }

  private async commit(): Promise<void> {
    const { group } = this
    if (!group || !this.isJoined) return
    const due = this.offsets.takeDue()
    if (due.length === 0) return
    try {
      await group.commit({ offsets: [...due] })
    } catch (error) {
      this.offsets.giveBack(due)
      // The heart finds out, and joins anew.
      if (!isAnswer(error, ...rejoinAnswers)) this.fail(error)
    }
  }

  /** A request that is never answered fails nothing by itself. */
  private look(): void {
    const silentMs = systemClock.monotonic() - this.beatAt
    if (silentMs > (this.isJoined ? sessionMs : joinMsMax))
      this.fail(new Error("the group's coordinator does not answer"))
  }

  private async lookAtTopics(): Promise<void> {
    const { fetcher, isJoined, options } = this
    if (!fetcher || !isJoined) return
    try {
      fetcher.clearMetadata()
      const { topics } = await findTopics(fetcher, options.settings.topics)
      const told = (known: readonly KafkaTopic[]): string =>
        known.map(({ id, partitions }) => `${id} ${partitions}`).join()
      // A group divides anew what it knew when it came together; so it must come together again.
      if (told(topics) !== told(this.topics)) return this.end()
      this.reader?.follow(topics)
    } catch (error) {
      this.fail(error)
    }
  }
}

const missingSentence = (missing: readonly string[]): string =>
  `Kafka has no ${missing.length === 1 ? "topic" : "topics"} ${missing.join(", ")}.`
