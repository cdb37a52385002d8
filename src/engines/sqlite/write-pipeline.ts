// What is published, on its way to the disk: it waits, is numbered and written with its neighbours, and once that is durable
// it becomes a part of its channel, is delivered and answered, all in the order in which it came. With
// `acknowledge: first` the last three come before the disk.
import type { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { Draft, EngineEvents, Message, Receipt } from "../engine.ts"
import type { MemoryEngine } from "../memory/memory-engine.ts"
import { idempotencyConflict, type IdempotencyKeys, keyNameOf } from "../idempotency-keys.ts"
import { SourceGap } from "../source-mark.ts"
import type { SourceMarks, TakeBack } from "../source-marks.ts"
import type { SourceIdRecord, SourceRecords } from "./database/source-tables.ts"
import type { StoredChannels } from "./stored-channels.ts"
import { GroupCommit } from "./group-commit.ts"
import type { Epochs } from "./epochs.ts"
import type { JournalFlusher } from "./journal-flusher.ts"
import type { JournalRecord, Journal, KeyRecord } from "./database/journal.ts"
import type { DatabaseFile } from "./database/database-file.ts"
import type { StoredLog } from "./stored-log.ts"
import { databaseErrorOf, unavailable } from "./database/database-errors.ts"
import type { Upkeep } from "./upkeep.ts"
import type { PendingForget, PendingMessage, PendingWrite } from "./pending-write.ts"

interface WritePipelineOptions {
  readonly events: EngineEvents
  readonly database: DatabaseFile
  readonly journal: Journal
  readonly epochs: Epochs
  readonly channels: StoredChannels
  readonly flusher: JournalFlusher
  readonly upkeep: Upkeep
  readonly idempotencyKeys: IdempotencyKeys
  readonly sources: SourceMarks
  /** Where messages of channels without history go. */
  readonly lossy: MemoryEngine
  readonly acknowledgesFirst: boolean
  readonly limits: Pick<Limits, "idempotencySeconds">
  readonly now: () => number
  /** Told in a sentence without its end; null when it is over. */
  readonly onTrouble: (says: string | null) => void
}

export class WritePipeline {
  readonly commits: GroupCommit<PendingWrite>
  private readonly options: WritePipelineOptions
  private readonly acknowledgesFirst: boolean
  /** Keys that wait for their commit, and the write that has each. */
  private readonly keysWaiting = new Map<string, PendingMessage>()
  private readonly lossyWaiting = new Map<Channel, number>()
  /** Marks of sources that moved for what is being written. */
  private takeBacks: TakeBack[] = []

  constructor(options: WritePipelineOptions) {
    this.options = options
    this.acknowledgesFirst = options.acknowledgesFirst
    const { database, upkeep, onTrouble, now } = options
    const { directory } = database
    this.commits = new GroupCommit<PendingWrite>(
      {
        write: (writes) => this.write(writes),
        sync: () => database.sync(),
        settle: (writes) => this.settle(writes),
        fail: (writes, error) => this.fail(writes, error),
        upkeep: (idle) => upkeep.run(idle),
        judge: (error) => ({ ...databaseErrorOf(error, directory), error: unavailable(error, directory) }),
        onTrouble,
      },
      now,
    )
  }

  /** The answer of an earlier publish with the same key that still waits; null when there is none. */
  repeats(draft: Draft): Promise<Receipt> | null {
    const first = this.keysWaiting.get(nameOf(draft))
    return first ? repeated(first, draft) : null
  }

  /** Whether a message of this channel without history waits, which no other may overtake. */
  isLossyWaiting(channel: Channel): boolean {
    return this.lossyWaiting.has(channel)
  }

  publish(draft: Draft, keep: NonNullable<Keep>, log: StoredLog): Promise<Receipt> | Receipt {
    log.keepMs = keep.timeMs
    log.waiting++
    const pending: PendingMessage = { kind: "message", draft, time: this.options.now(), keep, log }
    if (!this.acknowledgesFirst) return this.submit(pending)
    if (draft.source) this.judge(pending)
    // A source takes the answer for the promise that it need not keep the message: that one waits for the disk.
    if (pending.refusal) return this.submit(pending)
    pending.epoch = log.epoch
    pending.message = messageOf(pending, log.epochText, log.head + 1)
    if (draft.source) pending.answer = Promise.withResolvers<Receipt>()
    // Before it is delivered: a listener may publish at once, and must come behind it.
    this.commits.submit(pending, draft.bytes)
    const receipt = this.accept(pending)
    if (!pending.answer) return receipt
    pending.accepted = receipt
    return pending.answer.promise
  }

  /** The message is in memory only, but its key is to outlive us. */
  publishLossy(draft: Draft): Promise<Receipt> {
    this.lossyWaiting.set(draft.channel, (this.lossyWaiting.get(draft.channel) ?? 0) + 1)
    const pending: PendingMessage = {
      kind: "message",
      draft,
      time: this.options.now(),
      keep: null,
      log: null,
    }
    if (this.acknowledgesFirst && draft.source) this.judge(pending)
    return this.submit(pending)
  }

  /** Resolves with how many messages were forgotten. */
  forget(log: StoredLog): Promise<number> {
    const pending: PendingForget = { kind: "forget", log, epoch: this.options.epochs.fresh() }
    log.waiting++
    if (this.acknowledgesFirst) {
      this.commits.submit(pending, 0)
      return Promise.resolve(this.acceptForget(pending))
    }
    pending.answer = Promise.withResolvers<number>()
    this.commits.submit(pending, 0)
    return pending.answer.promise
  }

  private submit(pending: PendingMessage): Promise<Receipt> {
    const { draft } = pending
    if (draft.idempotency) {
      this.keysWaiting.set(nameOf(draft), pending)
      this.options.idempotencyKeys.reserve(draft.publisher)
    }
    pending.answer = Promise.withResolvers<Receipt>()
    this.commits.submit(pending, draft.bytes)
    return pending.answer.promise
  }

  /** Numbers what has no number yet and writes it all down. The numbers are the logs' own once it is durable. */
  private write(writes: readonly PendingWrite[]): void {
    const { epochs, journal, limits, now } = this.options
    const records: JournalRecord[] = []
    const keys: KeyRecord[] = []
    const published: PendingMessage[] = []
    const numbered = new Set<StoredLog>()
    try {
      for (const pending of writes) {
        const { log } = pending
        if (pending.kind === "message" && pending.draft.source) {
          // What came before it is written or refused by now.
          if (!this.acknowledgesFirst) this.judge(pending)
          if (pending.refusal) continue
          published.push(pending)
        }
        if (log && !this.acknowledgesFirst) {
          numbered.add(log)
          number(pending, epochs)
        }
        if (pending.kind === "forget") {
          records.push({ kind: "forget", channel: pending.log.channel, epoch: pending.epoch })
          continue
        }
        if (log) records.push(recordOf(pending))
        if (pending.draft.idempotency) keys.push(this.keyRecordOf(pending))
      }
      const keysExpire = now() + limits.idempotencySeconds * 1000
      const batch = journal.write({ records, keys, keysExpire, sources: sourcesOf(published) })
      for (const pending of writes) pending.batch = batch
    } finally {
      for (const log of numbered) log.next = null
    }
  }

  /** Notes whether a source's message is one that is to be published, and moves its source's mark if so. */
  private judge(pending: PendingMessage): void {
    const { draft, time } = pending
    if (!draft.source) return
    const { sources } = this.options
    try {
      if (sources.knows(draft.source, time)) pending.refusal = "repeat"
      else this.takeBacks.push(sources.move(draft.source, time))
    } catch (error) {
      if (!(error instanceof SourceGap)) throw error
      pending.refusal = error
    }
  }

  private settle(writes: readonly PendingWrite[]): void {
    this.takeBacks = []
    for (const pending of writes) {
      if (pending.kind === "forget") this.settleForget(pending)
      else this.settleMessage(pending)
    }
    this.options.upkeep.enforce()
  }

  private settleMessage(pending: PendingMessage): void {
    const { log, answer, refusal, accepted, batch = 0 } = pending
    if (refusal) return this.refuse(pending, refusal)
    // Without an answer that waits, it was accepted when it came.
    const receipt = accepted ?? (answer ? this.accept(pending) : null)
    if (log && pending.message) {
      log.waiting--
      this.options.flusher.add({ kind: "message", batch, log, message: pending.message })
    }
    if (receipt) answer?.resolve(receipt)
  }

  /** Nothing of it was written. */
  private refuse(
    { log, draft, answer }: PendingMessage,
    refusal: NonNullable<PendingMessage["refusal"]>,
  ): void {
    const { channels, lossy } = this.options
    if (log) {
      log.waiting--
      channels.leave(log)
    } else this.lossyLeaves(draft.channel)
    if (refusal !== "repeat") return answer?.reject(refusal)
    const { tail } = log ?? lossy.state(draft.channel, null)
    answer?.resolve({ position: tail, id: draft.id, duplicate: true })
  }

  private settleForget(pending: PendingForget): void {
    const { log, answer, batch = 0 } = pending
    const kept = answer ? this.acceptForget(pending) : 0
    const { epochText = "", oldId = null } = pending
    log.waiting--
    this.options.flusher.add({ kind: "forget", batch, log, epochText, oldId })
    answer?.resolve(kept)
  }

  /** The message is a part of its channel from now on. */
  private accept(pending: PendingMessage): Receipt {
    const { channels, idempotencyKeys, events } = this.options
    const { draft, time, keep, log, message } = pending
    const { channel, idempotency, id } = draft
    let receipt: Receipt
    if (log && keep && message) {
      channels.assign(log, draft.publisher, keep)
      channels.append(log, message)
      this.trim(log, keep, time)
      receipt = { position: { epoch: message.epoch, offset: message.offset }, id, duplicate: false }
    } else {
      this.lossyLeaves(channel)
      receipt = this.options.lossy.publish({ ...draft, idempotency: undefined, source: undefined }, null)
    }
    if (idempotency) {
      this.keyLeaves(draft)
      idempotencyKeys.remember({ ...draft, idempotency }, receipt, time)
    }
    if (log?.listened && message) events.deliver(message)
    return receipt
  }

  private acceptForget(pending: PendingForget): number {
    const { log, epoch } = pending
    const { kept } = log
    pending.oldId = this.options.channels.restart(log, epoch)
    pending.epochText = log.epochText
    return kept
  }

  private fail(writes: readonly PendingWrite[], error: LabaError): boolean {
    // What was acknowledged is tried again for as long as this process lives.
    if (this.acknowledgesFirst) return true
    for (const takeBack of this.takeBacks.reverse()) takeBack()
    this.takeBacks = []
    for (const pending of writes) {
      if (pending.log) {
        pending.log.waiting--
        this.options.channels.leave(pending.log)
      } else if (pending.kind === "message") this.lossyLeaves(pending.draft.channel)
      if (pending.kind === "message" && pending.draft.idempotency) this.keyLeaves(pending.draft)
      pending.answer?.reject(error)
    }
    return false
  }

  /** Its key waits no longer, if it did: what is acknowledged first never does. */
  private keyLeaves(draft: Draft): void {
    if (this.keysWaiting.delete(nameOf(draft))) this.options.idempotencyKeys.unreserve(draft.publisher)
  }

  private lossyLeaves(channel: Channel): void {
    const left = (this.lossyWaiting.get(channel) ?? 1) - 1
    if (left === 0) this.lossyWaiting.delete(channel)
    else this.lossyWaiting.set(channel, left)
  }

  /** A table that cannot be read must not keep a message that is durable from being delivered. */
  private trim(log: StoredLog, keep: NonNullable<Keep>, now: number): void {
    const { channels, database } = this.options
    try {
      channels.trim(log, keep, now)
    } catch (error) {
      this.options.onTrouble(databaseErrorOf(error, database.directory).says)
    }
  }

  private keyRecordOf({ draft, time, message }: PendingMessage): KeyRecord {
    const { key, digest } = draft.idempotency as NonNullable<Draft["idempotency"]>
    // A lossy channel has no positions to come back to: after a restart the answer is the same but for the cursor.
    const epoch = message?.epoch ?? this.options.epochs.print(0)
    const record = [draft.channel, key, digest, epoch, message?.offset ?? 0, draft.id, time] as const
    return draft.publisher === undefined ? record : [...record, draft.publisher]
  }
}

/** The same key while the first publish with it waits: it gets the same answer. */
async function repeated(first: PendingMessage, again: Draft): Promise<Receipt> {
  const receipt = await (first.answer as NonNullable<PendingMessage["answer"]>).promise
  if (first.draft.idempotency?.digest === again.idempotency?.digest) return { ...receipt, duplicate: true }
  throw idempotencyConflict()
}

/** Gives the next number of its log. It becomes the log's own when it is durable. */
function number(pending: PendingWrite, epochs: Epochs): void {
  if (pending.kind === "forget") {
    const { epoch } = pending
    pending.log.next = { epoch, epochText: epochs.print(epoch), head: 0 }
    return
  }
  const { log } = pending
  if (!log) return
  const next = (log.next ??= { epoch: log.epoch, epochText: log.epochText, head: log.head })
  next.head++
  pending.epoch = next.epoch
  pending.message = messageOf(pending, next.epochText, next.head)
}

const nameOf = ({ channel, idempotency }: Draft): string => keyNameOf(channel, idempotency)

function messageOf({ draft, time }: PendingMessage, epoch: string, offset: number): Message {
  const { channel, type, data, bytes, headers, id } = draft
  return { channel, epoch, offset, type, data, bytes, id, time, ...(headers && { headers }) }
}

function recordOf({ draft, time, keep, epoch = 0, message }: PendingMessage): JournalRecord {
  const { channel, type, id, data, headers } = draft
  const offset = message?.offset ?? 0
  const keepMs = keep?.timeMs ?? 0
  return {
    kind: "message",
    channel,
    epoch,
    offset,
    type,
    id,
    time,
    keepMs,
    data,
    ...(headers && { headers }),
  }
}

/** What is to be remembered of sources; null when nothing came from one. */
function sourcesOf(published: readonly PendingMessage[]): SourceRecords | null {
  if (published.length === 0) return null
  const positions = new Map<string, string>()
  const ids: SourceIdRecord[] = []
  for (const { draft, time } of published) {
    const { source } = draft
    if (!source) continue
    if (!("id" in source)) positions.set(source.partition, source.position)
    else {
      const { milliseconds, count } = source.window
      ids.push([source.partition, source.id, time + milliseconds, count])
    }
  }
  return { positions, ids }
}
