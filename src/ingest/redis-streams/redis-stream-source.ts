// Reads a group of a Redis stream: first what other consumers left behind, oldest first, then what is new. Entries are
// acknowledged once they are settled.
import { StoppableWaits } from "../../bounds/stoppable-waits.ts"
import { systemClock } from "../../bounds/clock.ts"
import { within } from "../../bounds/within.ts"
import type { Reply } from "../../redis/connection.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import { type Backoff, halfToWholeMs } from "../../../wire/backoff.ts"
import { ReadingGate } from "../reading-gate.ts"
import type { SeekPlace, Source, SourceContext, SourceMessage, SourceReceiver } from "../source.ts"
import { EntryMessage, idAt, idBefore } from "./stream-entry.ts"
import { claimScript, lagScript, readScript, takeOverScript } from "./stream-scripts.ts"
import type { RedisStreamSettings } from "./redis-streams.ts"

/** Between two tries. */
const backoff: Backoff = { minMs: 250, maxMs: 30_000 }

/** A reader that read for less is not well: two clusters with one group take it from each other, ever more seldom. */
const steadyMs = backoff.maxMs

/** How long Redis is waited for before that it is away is told. */
const patienceMs = 1000

/** How long a look for new entries waits in Redis. Acknowledgements wait behind it, so it is short. */
const lookMs = 250

/** How long the last acknowledgements may take when the source is closed. */
const closeMs = 2000

/** Ids acknowledged with one command, and how long one waits for others: a command each costs more than reading its entry. */
const acknowledgedAtOnceMax = 1000
const acknowledgeMs = 10

/** Who we are in the group, as `takeOverScript` answers. */
interface Reader {
  readonly consumer: string
  readonly number: number
  readonly identity: string
}

export class RedisStreamSource implements Source {
  private readonly settings: RedisStreamSettings
  private readonly receiver: SourceReceiver
  private readonly context: SourceContext
  private readonly redis: RedisClient
  private readonly tag: string
  private readonly waits = new StoppableWaits(systemClock)
  private readonly running: Promise<void>
  private readonly gate: ReadingGate
  private toAcknowledge: string[] = []
  private readonly acknowledging = new Set<Promise<unknown>>()
  private reader: Reader | null = null
  /** The last entry that was read; what is new comes behind it. */
  private lastId = "0-0"
  /** The last entry that was settled: where a group begins that has to be made again. Null before there was one. */
  private settledId: string | null = null
  /** How many entries of the stream were read or removed, in the order in which they were added; null: unknown. */
  private passed: number | null = null
  private failures = 0
  private readingSince = 0
  private seeking: { readonly lastId: string; done(error?: unknown): void } | null = null

  constructor(
    settings: RedisStreamSettings,
    receiver: SourceReceiver,
    context: SourceContext,
    redis: RedisClient,
  ) {
    this.settings = settings
    this.receiver = receiver
    this.gate = new ReadingGate(receiver)
    this.context = context
    this.redis = redis
    this.tag = tagOf(settings.stream)
    const { deadLetterStream } = settings
    if (deadLetterStream !== undefined)
      this.setAside = (message, reason) => this.addTo(deadLetterStream, message as EntryMessage, reason)
    this.running = this.run()
  }

  setAside?: (message: SourceMessage, reason: string) => Promise<void>

  settle(messages: readonly SourceMessage[]): void {
    if (this.toAcknowledge.length === 0) setTimeout(() => this.acknowledge(), acknowledgeMs)
    for (const { id } of messages as readonly EntryMessage[]) {
      this.toAcknowledge.push(id)
      this.settledId = id
    }
    if (this.toAcknowledge.length >= acknowledgedAtOnceMax) this.acknowledge()
  }

  async lag(): Promise<number | null> {
    try {
      const answer = await this.redis.run(lagScript, this.tag, [this.settings.stream], [this.settings.group])
      return Number(answer) < 0 ? null : Number(answer)
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
    const lastId = this.idOf(place)
    const went = Promise.withResolvers<void>()
    this.seeking?.done(new Error("It was sent to another place meanwhile."))
    this.seeking = { lastId, done: (error) => (error ? went.reject(error) : went.resolve()) }
    this.waits.endAll()
    this.gate.wake()
    await went.promise
    return true
  }

  async close(): Promise<void> {
    this.gate.close()
    this.seeking?.done(new Error("The source is closed."))
    this.waits.endAll()
    this.acknowledge()
    await within(closeMs, Promise.allSettled([this.running, ...this.acknowledging]))
    this.redis.close()
  }

  private async run(): Promise<void> {
    // The receiver is told nothing before it has got its source.
    await Promise.resolve()
    while (!this.gate.isClosed) {
      try {
        await this.redis.opened(patienceMs)
        if (this.redis.trouble) throw this.redis.trouble
        await this.takeOver()
        this.receiver.running()
        await this.readAll()
      } catch (error) {
        this.reader = null
        this.seeking?.done(error)
        this.seeking = null
        if (!this.gate.isClosed) this.receiver.trouble(sentenceOf(error))
        await this.receiver.release("all")
        this.failures++
        if (!this.gate.isClosed) await this.waits.wait(halfToWholeMs(backoff, this.failures, Math.random))
      }
    }
  }

  private async takeOver(): Promise<void> {
    const { stream, group, from, create } = this.settings
    const begin = this.settledId ?? (from === "start" ? "0" : "$")
    const args = [...[group, begin, create ? "1" : "0"], ...[this.context.clientId, crypto.randomUUID()]]
    const answer = await this.redis.run(takeOverScript, this.tag, [stream], args)
    const [is, consumer, number, identity, lastId, read] = answer as readonly Reply[]
    if (String(is) === "missing") throw new Error(`${this.redis.where} has no stream ${stream}`)
    this.reader = { consumer: String(consumer), number: Number(number), identity: String(identity) }
    this.lastId = String(lastId)
    if (from === "new") this.settledId ??= this.lastId
    this.passed = Number(read) < 0 ? null : Number(read)
  }

  private async readAll(): Promise<void> {
    // Behind what was given to somebody and never acknowledged comes what is new: so the order is kept.
    let claimFrom: string | null = "0-0"
    const isInterrupted = () => this.seeking !== null
    this.readingSince = systemClock.monotonic()
    while (!this.gate.isClosed) {
      await this.gate.whilePaused(isInterrupted)
      if (this.gate.isClosed) return
      if (this.seeking) {
        await this.goTo(this.seeking)
        // What is pending is read again at its place, not before it.
        claimFrom = null
      }
      if (claimFrom !== null) claimFrom = await this.claim(claimFrom)
      else if (!(await this.readNew())) await this.waitForMore()
      if (systemClock.monotonic() - this.readingSince >= steadyMs) this.failures = 0
    }
  }

  private async claim(from: string): Promise<string | null> {
    const [entries, removed, next] = await this.ask(claimScript, from)
    const place = this.place
    const reason =
      "The stream has lost this entry, trimmed or deleted, before it was acknowledged: it may have been published or not."
    const lost = (removed as readonly Reply[]).map((id) => EntryMessage.lost(String(id), place, reason))
    const kept = (entries as readonly Reply[]).map((entry) => EntryMessage.read(entry, place, this.settings))
    const all = [...lost, ...kept].sort((a, b) => (a.position < b.position ? -1 : 1))
    await this.gate.handOver(all, () => this.seeking !== null)
    return String(next) === "0-0" ? null : String(next)
  }

  /** Whether there was something. */
  private async readNew(): Promise<boolean> {
    const [entries, more, added, removed] = await this.ask(readScript)
    const place = this.place
    const messages = (entries as readonly Reply[]).map((entry) =>
      EntryMessage.read(entry, place, this.settings),
    )
    const [first] = messages
    const last = messages.at(-1)
    if (first && last) {
      const gone = this.passed === null || Number(removed) < 0 ? 0 : Number(removed) - this.passed
      if (gone > 0) messages.unshift(EntryMessage.lost(idBefore(first.id), place, goneUnread(gone)))
      if (Number(removed) >= 0) this.passed = Number(removed)
      if (this.passed !== null) this.passed += (entries as readonly Reply[]).length
      this.lastId = last.id
    }
    if (Number(more) === 0) this.passed = Number(added)
    await this.gate.handOver(messages, () => this.seeking !== null)
    return Number(more) === 1 || messages.length > 0
  }

  private async waitForMore(): Promise<void> {
    const look = ["BLOCK", lookMs, "COUNT", 1, "STREAMS", this.settings.stream, this.lastId]
    await this.redis.command(this.tag, "XREAD", ...look)
  }

  private async ask(script: typeof readScript, ...more: readonly string[]): Promise<readonly Reply[]> {
    const { stream, group } = this.settings
    const { consumer, number, identity } = this.reader as Reader
    const { messages, bytes } = this.context.inFlight
    const args = [group, consumer, number, identity, messages, bytes, ...more]
    const [is, ...answers] = (await this.redis.run(script, this.tag, [stream], args)) as readonly Reply[]
    if (String(is) === "gone")
      throw new Error(`${this.redis.where}: the stream ${stream} or its group ${group} was removed`)
    if (String(is) === "replaced")
      throw new Error(
        `${this.redis.where}: another reader has taken over the group ${group} of ${stream}; each cluster needs a group of its own`,
      )
    return answers
  }

  private async goTo({ lastId, done }: NonNullable<typeof this.seeking>): Promise<void> {
    this.seeking = null
    await this.receiver.release("all")
    try {
      const { stream, group } = this.settings
      await this.redis.command(this.tag, "XGROUP", "SETID", stream, group, lastId)
      this.lastId = lastId
      this.settledId = lastId
      this.passed = null
      done()
    } catch (error) {
      done(error)
      throw error
    }
  }

  private idOf(place: SeekPlace): string {
    if (
      typeof place === "object" &&
      "partition" in place &&
      this.reader &&
      place.partition !== this.place.partition
    )
      throw new Error(`It reads the partition ${this.place.partition}, not ${place.partition}.`)
    if (place === "start") return "0-0"
    if ("time" in place) return idBefore(`${Math.max(0, Math.floor(place.time))}-0`)
    const id = idAt(place.position)
    if (id === null) throw new Error(`${place.position} is no position of a Redis stream.`)
    return idBefore(id)
  }

  private async addTo(name: string, { id, flat }: EntryMessage, reason: string): Promise<void> {
    const facts = ["laba-reason", reason, "laba-stream", this.settings.stream, "laba-id", id]
    await this.redis.command(tagOf(name), "XADD", name, "*", ...facts, ...flat)
  }

  private acknowledge(): void {
    const { stream, group } = this.settings
    while (this.toAcknowledge.length > 0) {
      const ids = this.toAcknowledge.splice(0, acknowledgedAtOnceMax)
      const sent = this.redis.command(this.tag, "XACK", stream, group, ...ids).catch(() => {
        // It stays pending, and is claimed when Redis is back.
      })
      this.acknowledging.add(sent)
      void sent.finally(() => this.acknowledging.delete(sent))
    }
  }

  private get place() {
    const { stream } = this.settings
    const { identity } = this.reader as Reader
    return { stream, partition: `${stream}#${identity.slice(identity.lastIndexOf(":") + 1)}` }
  }
}

/** What of a key decides on which node of a Cluster it is. */
export function tagOf(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key
}

const goneUnread = (count: number): string =>
  `The stream has lost ${count === 1 ? "an entry" : `${count} entries`} here, trimmed or deleted before ${count === 1 ? "it was" : "they were"} read.`

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
