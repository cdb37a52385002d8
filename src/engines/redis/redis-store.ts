// What Redis remembers, in our words: each question is one script, each answer is read here. Knows nothing of listeners.
import type { Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { ChannelState, Draft, Message, HistoryPage, PageBounds, Receipt, Publisher } from "../engine.ts"
import type { Argument, Reply } from "../../redis/connection.ts"
import { PublishBatches, type PendingPublish } from "./publish-batches.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import { type Partition, Partitions } from "./partitions.ts"
import { printRecord, readRecord } from "./record.ts"
import type { Script } from "../../redis/script.ts"
import { randomEpoch } from "../epoch-names.ts"
import { idempotencyConflict } from "../idempotency-keys.ts"
import { keysPerFree, type OwnerName, ownerNameOf } from "../publisher-shares.ts"
import { scripts } from "./scripts.ts"
import { replyError, unavailable } from "../../redis/redis-errors.ts"
import { SourceGap, type SourceMark } from "../source-mark.ts"
import { RestartVote } from "./restart-vote.ts"

/** Publishers with keys are seldom spread evenly, so each partition may hold a quarter of them. */
const keysSharesMax = 4

/** Where messages are announced, as names under a partition's tag: each channel at its own place, or all at one. */
const announceStem = "at:"
const announceAll = "all"

/** How messages come to the nodes: each where somebody listens, or all to all. */
export type Routing = "targeted" | "broadcast"

interface RedisStoreOptions {
  readonly redis: RedisClient
  readonly routing: Routing
  /** Default: what the kind of Redis needs. */
  readonly partitions?: number | undefined
  /** How long a node is waited for that does not say what it saw before a restart; null where none is asked. */
  readonly voteLeaseMs: number | null
  /** Read whenever they are needed. */
  readonly limits: Pick<Limits, "idempotencyKeysMax" | "idempotencySeconds">
}

/** What the upkeep of a partition found. */
export interface UpkeepReport {
  readonly bytes: number
  readonly channels: number
  readonly keys: number
  /** Channels whose history went before its time. */
  readonly trimmed: readonly Channel[]
  /** There is more to clear than one go takes. */
  readonly more: boolean
}

export class RedisStore {
  readonly partitions: Partitions
  /** Null where every restart of Redis begins a new numbering. */
  readonly restartVote: RestartVote | null
  private readonly options: RedisStoreOptions
  private readonly announceCommand: string
  private readonly batches = new PublishBatches((partition, batch) => this.publishBatch(partition, batch))

  constructor(options: RedisStoreOptions) {
    this.options = options
    this.partitions = new Partitions(options.redis, options.partitions)
    const { redis, voteLeaseMs: leaseMs } = options
    this.restartVote =
      leaseMs === null ? null : new RestartVote({ redis, partitions: this.partitions.all, leaseMs })
    this.announceCommand = options.redis.isCluster ? "SPUBLISH" : "PUBLISH"
  }

  /** The Redis channel, as a name under the partition's tag, at which messages of a channel are announced. */
  announceNameOf(channel: Channel): string {
    return this.options.routing === "targeted" ? announceStem + channel : announceAll
  }

  publish(draft: Draft, keep: Keep): Promise<Receipt> {
    return this.batches.add(this.partitions.of(draft.channel), draft, keep)
  }

  async history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): Promise<HistoryPage> {
    const answer = (await this.run(scripts.history, channel, [
      channel,
      after.epoch,
      after.offset,
      ...ruleOf(keep),
      bounds.messages,
      bounds.bytes,
    ])) as readonly Buffer[]
    const [outcome, epoch = "", offset] = texts(answer.slice(0, 3))
    const tail: Position = { epoch, offset: Number(offset) }
    if (outcome !== "page") return { reset: outcome as ResetReason, tail }
    const messages = answer
      .slice(3)
      .map((record, index) => messageOf(channel, { epoch, offset: after.offset + index + 1 }, record))
    return { messages, more: after.offset + messages.length < tail.offset, tail }
  }

  async state(channel: Channel, keep: Keep): Promise<ChannelState> {
    const answer = (await this.run(scripts.state, channel, [channel, ...ruleOf(keep)])) as readonly Buffer[]
    const [epoch = "", offset, kept] = texts(answer.slice(0, 3))
    const tail: Position = { epoch, offset: Number(offset) }
    const record = answer[3]
    return {
      tail,
      history: keep === null ? "none" : "kept",
      kept: Number(kept),
      newest: record ? messageOf(channel, tail, record) : null,
    }
  }

  /** Where channels of one partition stand that are listened to. */
  async tails(partition: Partition, channels: readonly Channel[]): Promise<readonly Position[]> {
    const answer = texts(await this.runIn(partition, scripts.tails, channels))
    return channels.map((_, index) => ({
      epoch: answer[index * 2] as string,
      offset: Number(answer[index * 2 + 1]),
    }))
  }

  /** This node listens no longer to channels of one partition. */
  async leave(partition: Partition, channels: readonly Channel[]): Promise<void> {
    await this.runIn(partition, scripts.leave, channels)
  }

  async forget(channel: Channel): Promise<number> {
    const args = [channel, this.announceCommand, this.redisChannelOf(channel)]
    const [kept] = (await this.run(scripts.forget, channel, args)) as readonly Buffer[]
    return Number(kept)
  }

  /** Forgets how far sources are published: of every partition of theirs whose name begins so. */
  async forgetSources(prefix: string): Promise<void> {
    const forgets = this.partitions.all.map((partition) =>
      this.runIn(partition, scripts.forgetSources, [encodeWord(prefix)]),
    )
    await Promise.all(forgets)
  }

  /** `shareBytesMax`: of `bytesMax`, what one publisher's channels may cost while there is no room. */
  async runUpkeep(partition: Partition, bytesMax: number, shareBytesMax: number): Promise<UpkeepReport> {
    const args = [bytesMax, Math.min(shareBytesMax, bytesMax)]
    const answer = (await this.runIn(partition, scripts.tend, args)) as readonly [
      Buffer,
      number,
      number,
      Buffer[],
      number,
    ]
    const [bytes, channels, keys, trimmed, more] = answer
    return { bytes: Number(bytes), channels, keys, trimmed: texts(trimmed) as Channel[], more: more === 1 }
  }

  /** Publishes a batch of one partition; each gets its own answer. */
  private async publishBatch(partition: Partition, batch: readonly PendingPublish[]): Promise<void> {
    const { redis, limits, routing } = this.options
    const { idempotencyKeysMax, idempotencySeconds } = limits
    const isTargeted = routing === "targeted"
    const args: Argument[] = [
      this.announceCommand,
      redis.key(partition.tag, isTargeted ? announceStem : announceAll),
      isTargeted ? 1 : 0,
      Math.round(idempotencySeconds * 1000),
      Math.ceil(idempotencyKeysMax / Math.min(this.partitions.all.length, keysSharesMax)),
    ]
    for (const { draft, keep } of batch) {
      const { channel, idempotency, publisher, source } = draft
      const holder = wordOf(publisher)
      const times = publisher === undefined ? 1 : keysPerFree(publisher)
      const key = idempotency ? `${idempotency.digest} ${holder} ${times} ${idempotency.key}` : ""
      const owner = ownerWord(publisher, keep, this.partitions.all.length)
      const place = source ? sourceWords(source) : ""
      args.push(channel, printRecord(draft), ruleOf(keep).join(" "), key, owner, place)
    }
    const answers = (await this.runIn(partition, scripts.publish, args)) as readonly Buffer[]
    for (const [index, { draft, resolve, reject }] of batch.entries()) {
      try {
        resolve(this.receiptIn(String(answers[index]), draft))
      } catch (error) {
        reject(error)
      }
    }
  }

  /** Reads what became of a draft. Throws when nothing was published. */
  private receiptIn(answer: string, draft: Draft): Receipt {
    const [outcome, epoch = "", offset, id = draft.id] = answer.split(" ")
    if (outcome === "gap" && draft.source && "position" in draft.source) throw new SourceGap(draft.source)
    if (outcome === "conflict") throw idempotencyConflict()
    if (outcome === "full")
      throw new LabaError(
        "too_many_keys",
        "The server remembers as many Idempotency-Keys as it may; this key is free to use later.",
        { retryAfterSeconds: Math.max(1, Math.ceil(Number(epoch) / 1000)) },
      )
    if (outcome === "failed")
      throw unavailable(replyError(answer.slice("failed ".length)), this.options.redis.where)
    return { position: { epoch, offset: Number(offset) }, id, duplicate: outcome === "duplicate" }
  }

  private run(script: Script, channel: Channel, args: readonly Argument[]): Promise<Reply> {
    return this.runIn(this.partitions.of(channel), script, args)
  }

  private runIn(partition: Partition, script: Script, args: readonly Argument[]): Promise<Reply> {
    if (this.restartVote) return this.runCounted(this.restartVote, partition, script, args)
    return this.options.redis.run(script, partition.tag, partition.keys, [randomEpoch(), ...args])
  }

  /** The same where nodes decide together whether the numbering goes on: each answer ends with a count. */
  private async runCounted(
    restartVote: RestartVote,
    partition: Partition,
    script: Script,
    args: readonly Argument[],
  ): Promise<Reply> {
    restartVote.check(partition)
    try {
      const reply = await this.options.redis.run(script, partition.tag, partition.keys, ["", ...args])
      if (!Array.isArray(reply) || script === scripts.tend) return reply
      restartVote.saw(partition, Number(reply.at(-1)))
      return reply.slice(0, -1)
    } catch (error) {
      restartVote.refused(partition, error)
      throw error
    }
  }

  private redisChannelOf(channel: Channel): string {
    return this.options.redis.key(this.partitions.of(channel).tag, this.announceNameOf(channel))
  }
}

const ruleOf = (keep: Keep): readonly number[] =>
  keep === null ? [0, 0, 0] : [keep.count, keep.bytes, keep.timeMs]

const nobody = "-"

/** A publisher as one word of a script's argument. */
const wordOf = (publisher: OwnerName | undefined): string =>
  publisher === undefined ? nobody : encodeWord(publisher)

const encodeWord = (text: string): string => encodeURIComponent(text.toWellFormed())

/** Which message of a source it is, as words of a script's argument. */
function sourceWords(source: SourceMark): string {
  const partition = encodeWord(source.partition)
  if ("position" in source)
    return `at ${partition} ${source.position} ${source.previous === null ? nobody : source.previous}`
  const { count, milliseconds } = source.window
  return `id ${partition} ${encodeWord(source.id)} ${count} ${milliseconds}`
}

/** Who answers for what a draft begins; with what that one may have, where it is no publisher's usual share. */
function ownerWord(publisher: Publisher | undefined, keep: Keep, partitions: number): string {
  const ownerName = ownerNameOf(publisher, keep)
  if (ownerName === null) return nobody
  const max = keep?.budget ? ` ${Math.floor(keep.budget.bytes / partitions)}` : ""
  return wordOf(ownerName) + max
}

const texts = (reply: Reply): string[] => (reply as readonly Reply[]).map(String)

const messageOf = (channel: Channel, position: Position, record: Buffer): Message => ({
  channel,
  ...position,
  ...readRecord(record),
})
