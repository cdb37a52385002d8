// The way of what is to be made durable: it waits, is numbered and written with its neighbours, and once that is durable
// it becomes a part of its channel, is delivered and answered, all in the order in which it came. With
// `acknowledge: first` the last three come before the disk.
import { LabaError } from "../../../wire/error.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { Draft, EngineEvents, Message, Receipt } from "../engine.ts"
import type { MemoryEngine } from "../memory/memory.ts"
import type { Receipts } from "../memory/receipts.ts"
import type { Channels } from "./channels.ts"
import { Commits } from "./commits.ts"
import type { Epochs } from "./epochs.ts"
import type { Filing } from "./filing.ts"
import type { Entry, Journal, KeyEntry } from "./journal.ts"
import type { Store } from "./store.ts"
import type { StoredLog } from "./stored-log.ts"
import { troubleOf, unavailable } from "./trouble.ts"
import type { Upkeep } from "./upkeep.ts"
import type { ForgetWork, MessageWork, Work } from "./work.ts"

interface AcceptanceOptions {
  readonly events: EngineEvents
  readonly store: Store
  readonly journal: Journal
  readonly epochs: Epochs
  readonly channels: Channels
  readonly filing: Filing
  readonly upkeep: Upkeep
  readonly receipts: Receipts
  /** Where messages of channels without history go. */
  readonly lossy: MemoryEngine
  readonly acknowledgesFirst: boolean
  readonly limits: Pick<Limits, "idempotencySeconds">
  readonly now: () => number
  /** Told in a sentence without its end; null when it is over. */
  readonly onTrouble: (says: string | null) => void
}

export class Acceptance {
  readonly commits: Commits<Work>
  private readonly options: AcceptanceOptions
  private readonly acknowledgesFirst: boolean
  /** Keys that wait for their commit, and the work that has each. */
  private readonly keysWaiting = new Map<string, MessageWork>()
  private readonly lossyWaiting = new Map<Channel, number>()

  constructor(options: AcceptanceOptions) {
    this.options = options
    this.acknowledgesFirst = options.acknowledgesFirst
    const { store, upkeep, onTrouble, now } = options
    const { directory } = store
    this.commits = new Commits<Work>(
      {
        write: (works) => this.write(works),
        sync: () => store.sync(),
        settle: (works) => this.settle(works),
        fail: (works, error) => this.fail(works, error),
        tend: (idle) => upkeep.tend(idle),
        judge: (error) => ({ ...troubleOf(error, directory), error: unavailable(error, directory) }),
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
    const work: MessageWork = { kind: "message", draft, time: this.options.now(), keep, log }
    if (!this.acknowledgesFirst) return this.submit(work)
    work.epoch = log.epoch
    work.message = messageOf(work, log.epochText, log.head + 1)
    // Before it is delivered: a listener may publish at once, and must come behind it.
    this.commits.submit(work, draft.bytes)
    return this.accept(work)
  }

  /** The message is in memory only, but its key is to outlive us. */
  publishLossy(draft: Draft): Promise<Receipt> {
    this.lossyWaiting.set(draft.channel, (this.lossyWaiting.get(draft.channel) ?? 0) + 1)
    return this.submit({ kind: "message", draft, time: this.options.now(), keep: null, log: null })
  }

  /** Resolves with how many messages were forgotten. */
  forget(log: StoredLog): Promise<number> {
    const work: ForgetWork = { kind: "forget", log, epoch: this.options.epochs.fresh() }
    log.waiting++
    if (this.acknowledgesFirst) {
      this.commits.submit(work, 0)
      return Promise.resolve(this.acceptForget(work))
    }
    work.answer = Promise.withResolvers<number>()
    this.commits.submit(work, 0)
    return work.answer.promise
  }

  private submit(work: MessageWork): Promise<Receipt> {
    const { draft } = work
    if (draft.idempotency) {
      this.keysWaiting.set(nameOf(draft), work)
      this.options.receipts.reserve(draft.publisher)
    }
    work.answer = Promise.withResolvers<Receipt>()
    this.commits.submit(work, draft.bytes)
    return work.answer.promise
  }

  /** Numbers what has no number yet and writes it all down. The numbers are the logs' own once it is durable. */
  private write(works: readonly Work[]): void {
    const { epochs, journal, limits, now } = this.options
    const entries: Entry[] = []
    const keys: KeyEntry[] = []
    const numbered = new Set<StoredLog>()
    try {
      for (const work of works) {
        const { log } = work
        if (log && !this.acknowledgesFirst) {
          numbered.add(log)
          number(work, epochs)
        }
        if (work.kind === "forget") {
          entries.push({ kind: "forget", channel: work.log.channel, epoch: work.epoch })
          continue
        }
        if (log) entries.push(entryOf(work))
        if (work.draft.idempotency) keys.push(this.keyEntryOf(work))
      }
      const batch = journal.write(entries, keys, now() + limits.idempotencySeconds * 1000)
      for (const work of works) work.batch = batch
    } finally {
      for (const log of numbered) log.next = null
    }
  }

  private settle(works: readonly Work[]): void {
    for (const work of works) {
      if (work.kind === "forget") this.settleForget(work)
      else this.settleMessage(work)
    }
    this.options.upkeep.enforce()
  }

  private settleMessage(work: MessageWork): void {
    const { log, answer, batch = 0 } = work
    // Without an answer that waits, it was accepted when it came.
    const receipt = answer ? this.accept(work) : null
    if (log && work.message) {
      log.waiting--
      this.options.filing.add({ kind: "message", batch, log, message: work.message })
    }
    if (receipt) answer?.resolve(receipt)
  }

  private settleForget(work: ForgetWork): void {
    const { log, answer, batch = 0 } = work
    const kept = answer ? this.acceptForget(work) : 0
    const { epochText = "", oldId = null } = work
    log.waiting--
    this.options.filing.add({ kind: "forget", batch, log, epochText, oldId })
    answer?.resolve(kept)
  }

  /** The message is a part of its channel from now on. */
  private accept(work: MessageWork): Receipt {
    const { channels, receipts, events } = this.options
    const { draft, time, keep, log, message } = work
    const { channel, idempotency, id } = draft
    let receipt: Receipt
    if (log && keep && message) {
      channels.own(log, draft.publisher, keep)
      channels.append(log, message)
      this.trim(log, keep, time)
      receipt = { position: { epoch: message.epoch, offset: message.offset }, id, duplicate: false }
    } else {
      this.lossyLeaves(channel)
      receipt = this.options.lossy.publish({ ...draft, idempotency: undefined }, null)
    }
    if (idempotency) {
      this.keyLeaves(draft)
      receipts.remember({ ...draft, idempotency }, receipt, time)
    }
    if (log?.listened && message) events.deliver(message)
    return receipt
  }

  private acceptForget(work: ForgetWork): number {
    const { log, epoch } = work
    const { kept } = log
    work.oldId = this.options.channels.restart(log, epoch)
    work.epochText = log.epochText
    return kept
  }

  private fail(works: readonly Work[], error: LabaError): boolean {
    // What was acknowledged is tried again for as long as this process lives.
    if (this.acknowledgesFirst) return true
    for (const work of works) {
      if (work.log) {
        work.log.waiting--
        this.options.channels.leave(work.log)
      } else if (work.kind === "message") this.lossyLeaves(work.draft.channel)
      if (work.kind === "message" && work.draft.idempotency) this.keyLeaves(work.draft)
      work.answer?.reject(error)
    }
    return false
  }

  /** Its key waits no longer, if it did: what is acknowledged first never does. */
  private keyLeaves(draft: Draft): void {
    if (this.keysWaiting.delete(nameOf(draft))) this.options.receipts.unreserve(draft.publisher)
  }

  private lossyLeaves(channel: Channel): void {
    const left = (this.lossyWaiting.get(channel) ?? 1) - 1
    if (left === 0) this.lossyWaiting.delete(channel)
    else this.lossyWaiting.set(channel, left)
  }

  /** A table that cannot be read must not keep a message that is durable from being delivered. */
  private trim(log: StoredLog, keep: NonNullable<Keep>, now: number): void {
    const { channels, store } = this.options
    try {
      channels.trim(log, keep, now)
    } catch (error) {
      this.options.onTrouble(troubleOf(error, store.directory).says)
    }
  }

  private keyEntryOf({ draft, time, message }: MessageWork): KeyEntry {
    const { key, digest } = draft.idempotency as NonNullable<Draft["idempotency"]>
    // A lossy channel has no positions to come back to: after a restart the answer is the same but for the cursor.
    const epoch = message?.epoch ?? this.options.epochs.print(0)
    const entry = [draft.channel, key, digest, epoch, message?.offset ?? 0, draft.id, time] as const
    return draft.publisher === undefined ? entry : [...entry, draft.publisher]
  }
}

/** The same key while the first publish with it waits: it gets the same answer. */
async function repeated(first: MessageWork, again: Draft): Promise<Receipt> {
  const receipt = await (first.answer as NonNullable<MessageWork["answer"]>).promise
  if (first.draft.idempotency?.digest === again.idempotency?.digest) return { ...receipt, duplicate: true }
  throw new LabaError(
    "idempotency_conflict",
    "This Idempotency-Key was used on this channel with another body; use a new key for a new message.",
  )
}

/** Gives the next number of its log. It becomes the log's own when it is durable. */
function number(work: Work, epochs: Epochs): void {
  if (work.kind === "forget") {
    const { epoch } = work
    work.log.next = { epoch, epochText: epochs.print(epoch), head: 0 }
    return
  }
  const { log } = work
  if (!log) return
  const next = (log.next ??= { epoch: log.epoch, epochText: log.epochText, head: log.head })
  next.head++
  work.epoch = next.epoch
  work.message = messageOf(work, next.epochText, next.head)
}

// A channel's name never holds a space in its canonical form, so two names cannot run into each other.
const nameOf = ({ channel, idempotency }: Draft): string => `${channel} ${idempotency?.key}`

function messageOf({ draft, time }: MessageWork, epoch: string, offset: number): Message {
  const { channel, type, data, bytes, id } = draft
  return { channel, epoch, offset, type, data, bytes, id, time }
}

function entryOf({ draft, time, keep, epoch = 0, message }: MessageWork): Entry {
  const { channel, type, id, data } = draft
  const offset = message?.offset ?? 0
  return { kind: "message", channel, epoch, offset, type, id, time, keepMs: keep?.timeMs ?? 0, data }
}
