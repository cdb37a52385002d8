// The SQLite engine: the memory engine's way of listening and reading, with history, numbers and Idempotency-Keys on disk.
// A publish is answered when it is durable, together with what else came meanwhile; nothing is delivered before that,
// unless the setting `acknowledge: first` says so. Reads and listens answer at once.
//
// Channels without history live in a memory engine beside it: there is nothing of theirs to keep but keys.
import type { Limits } from "../../../wire/limits.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type { EngineFigures } from "../../telemetry/metrics.ts"
import type {
  ChannelState,
  Draft,
  Engine,
  EngineEvents,
  MaybePromise,
  Page,
  PageBounds,
  Receipt,
} from "../engine.ts"
import type { ChannelsPage, Inventory } from "../inventory.ts"
import { MemoryEngine } from "../memory/memory.ts"
import { historyShareMax } from "../shares.ts"
import { Receipts } from "../memory/receipts.ts"
import { Acceptance } from "./acceptance.ts"
import { Archive } from "./archive.ts"
import { Channels } from "./channels.ts"
import { Epochs } from "./epochs.ts"
import { Filing } from "./filing.ts"
import { listChannels } from "./inventory-pages.ts"
import { Journal, type KeyEntry } from "./journal.ts"
import { replay } from "./replay.ts"
import { Store } from "./store.ts"
import type { StoredLog } from "./stored-log.ts"
import { cannotOpen, troubleOf, unavailable } from "./trouble.ts"
import { Upkeep } from "./upkeep.ts"

/** How often the engine looks whether something is to be filed or cleared. */
const tendIntervalMs = 100

/** Lossy channels whose earlier, kept life is known to be gone. */
const knownLossyMax = 100_000

export interface SqliteEngineOptions {
  /** Where the files are; made when it is not there. One process a directory. */
  readonly directory: string
  /** Read whenever they are needed. `historyBytesMax` is what of the history is held in memory. */
  readonly limits: Pick<
    Limits,
    "historyBytesMax" | "historyPercentPerPublisherMax" | "idempotencyKeysMax" | "idempotencySeconds"
  >
  /** Default `durable`. `first`: publishes are answered and delivered before they are on the disk; a crash may lose the last of them. */
  readonly acknowledge?: "durable" | "first"
  /** Bytes of history on disk, all channels together, by the engine's own reckoning. Default 4 GiB. */
  readonly diskBytesMax?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** A channel's history was dropped before its time, for the disk's budget. */
  readonly onTrim?: (channel: Channel) => void
  /** Told in a sentence without its end when the disk fails, and null when it works again. */
  readonly onTrouble?: (says: string | null) => void
}

const defaultDiskBytesMax = 4 * 1024 ** 3

export class SqliteEngine implements Engine, Inventory {
  private readonly options: SqliteEngineOptions
  private readonly now: () => number
  private readonly store: Store
  private readonly journal: Journal
  private readonly epochs: Epochs
  private readonly channels: Channels
  private readonly filing: Filing
  private readonly receipts: Receipts
  private readonly upkeep: Upkeep
  private readonly acceptance: Acceptance
  private readonly lossy: MemoryEngine
  private readonly lossyListened = new Set<Channel>()
  private readonly knownLossy = new Set<Channel>()
  private readonly tending: ReturnType<typeof setInterval>
  private closing: Promise<void> | null = null

  /** Throws `engine_unavailable` when the directory cannot be used; nothing in it was changed then. */
  constructor(events: EngineEvents, options: SqliteEngineOptions) {
    this.options = options
    this.now = options.now ?? Date.now
    const { limits, onTrim, directory, diskBytesMax = defaultDiskBytesMax } = options
    const store = Store.open(directory)
    this.store = store
    const archive = new Archive(store)
    try {
      this.epochs = store.transaction(() => new Epochs(store, archive, options.acknowledge === "first"))
      store.syncNow()
      this.journal = new Journal(store)
      this.channels = new Channels({
        store,
        archive,
        epochs: this.epochs,
        memoryBytesMax: () => limits.historyBytesMax,
        diskBytesMax,
        shareBytesMax: () => historyShareMax(diskBytesMax, limits),
        onTrim: (channel) => onTrim?.(channel),
      })
      this.filing = new Filing({
        store,
        archive,
        journal: this.journal,
        channels: this.channels,
        now: this.now,
      })
      this.receipts = new Receipts(limits)
      const { journal, channels, epochs, filing } = this
      replay({ journal, channels, epochs, filing })
      for (const entry of journal.keys(this.now())) this.rememberEntry(entry)
    } catch (error) {
      store.close()
      throw cannotOpen(error, directory)
    }
    this.lossy = new MemoryEngine(events, { limits, now: this.now, ...(onTrim && { onTrim }) })
    const { journal, epochs, channels, filing, receipts, lossy, now } = this
    const onTrouble = (says: string | null) => options.onTrouble?.(says)
    const onError = (error: unknown) => onTrouble(troubleOf(error, directory).says)
    this.upkeep = new Upkeep({ store, archive, channels, filing, now, onError })
    const { upkeep } = this
    const acknowledgesFirst = options.acknowledge === "first"
    const parts = { events, store, journal, epochs, channels, filing, upkeep, receipts, lossy }
    this.acceptance = new Acceptance({ ...parts, acknowledgesFirst, limits, now, onTrouble })
    this.tending = setInterval(() => {
      if (this.upkeep.isDue && !this.acceptance.commits.isBusy) void this.tend()
    }, tendIntervalMs)
    this.tending.unref()
  }

  get directory(): string {
    return this.options.directory
  }

  get figures(): EngineFigures {
    const lossy = this.lossy.figures
    return {
      historyBytes: this.channels.memoryBytes + (lossy.historyBytes ?? 0),
      idempotencyKeys: this.receipts.size,
      channels: this.channels.size + (lossy.channels ?? 0),
    }
  }

  channelsPage(from: string | null, limit: number): ChannelsPage {
    return this.reading(() => listChannels(this.channels, this.lossy, from, limit))
  }

  publish(draft: Draft, keep: Keep): MaybePromise<Receipt> {
    const { idempotency, channel } = draft
    if (idempotency) {
      const known = this.receipts.find({ ...draft, idempotency }, this.now())
      if (known) return known
      const waiting = this.acceptance.repeats(draft)
      if (waiting) return waiting
    }
    if (keep === null) return this.publishLossy(draft)
    this.acceptance.commits.check()
    if (this.lossyListened.has(channel)) this.listenKept(channel)
    this.knownLossy.delete(channel)
    const log = this.reading(() => this.channels.open(channel))
    this.channels.touch(log, this.now())
    return this.acceptance.publish(draft, keep, log)
  }

  listen(channel: Channel, keep: Keep): MaybePromise<Position> {
    if (keep === null) {
      this.lossyListened.add(channel)
      return this.lossy.listen(channel, keep)
    }
    try {
      const log = this.channels.open(channel)
      this.channels.touch(log, this.now())
      this.channels.setListened(log, true)
      return log.tail
    } catch (error) {
      // Not thrown: a table that cannot be read ends this listener, and nothing else.
      return Promise.reject(unavailable(error, this.options.directory))
    }
  }

  unlisten(channel: Channel): void {
    if (this.lossyListened.delete(channel)) this.lossy.unlisten(channel)
    const log = this.channels.hot(channel)
    if (!log) return
    this.channels.setListened(log, false)
    this.channels.leave(log)
  }

  history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): Page {
    if (keep === null) return this.lossy.history(channel, after, keep, bounds)
    return this.reading(() => {
      const log = this.channels.find(channel)
      if (log) {
        this.refresh(log, keep)
        return this.channels.charged(log, () => log.page(after, bounds))
      }
      const tail = this.tailOfNone(channel)
      if (after.epoch !== tail.epoch || after.offset !== 0) return { reset: "epoch", tail }
      return { messages: [], more: false, tail }
    })
  }

  state(channel: Channel, keep: Keep): ChannelState {
    if (keep === null) return this.lossy.state(channel, keep)
    return this.reading(() => {
      const log = this.channels.find(channel)
      if (!log) return { tail: this.tailOfNone(channel), history: "kept", kept: 0, newest: null }
      this.refresh(log, keep)
      return this.channels.charged(log, () => log.state())
    })
  }

  forget(channel: Channel): MaybePromise<number> {
    const lossy = this.lossy.forget(channel)
    this.lossyListened.delete(channel)
    const log = this.reading(() => this.channels.find(channel))
    if (!log) return lossy
    if (log.head === 0 && log.waiting === 0) {
      this.channels.setListened(log, false)
      this.channels.leave(log)
      return lossy
    }
    this.acceptance.commits.check()
    // Whoever listens from now on listens to what begins.
    this.channels.setListened(log, false)
    return this.acceptance.forget(log).then((kept) => kept + lossy)
  }

  /** Files what waits and clears what has expired. The engine does so by itself. */
  tend(): Promise<void> {
    return this.acceptance.commits.rouse()
  }

  /** Answers what waits, files everything, and lets go of the directory. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      clearInterval(this.tending)
      this.lossy.close()
      await this.acceptance.commits.end()
      try {
        while (!this.filing.isIdle) this.filing.step()
        if (this.acceptance.commits.isEmpty) this.store.transaction(() => this.store.setMeta("ahead", 0))
      } catch (error) {
        // What could not be filed is in the journal and is filed at the next start.
        this.options.onTrouble?.(troubleOf(error, this.options.directory).says)
      }
      this.store.close()
    })()
    return this.closing
  }

  private publishLossy(draft: Draft): MaybePromise<Receipt> {
    const { channel, idempotency } = draft
    this.endKeptLife(channel)
    if (!idempotency && !this.acceptance.isLossyWaiting(channel)) return this.lossy.publish(draft, null)
    // Its key must be durable, and what comes behind it must not overtake it.
    this.acceptance.commits.check()
    return this.acceptance.publishLossy(draft)
  }

  /** What was kept before a rule said `none` goes: were it there when a rule keeps again, there would be a hole in it. */
  private endKeptLife(channel: Channel): void {
    if (this.knownLossy.has(channel) && !this.channels.hot(channel)) return
    const log = this.reading(() => this.channels.find(channel))
    if (log?.listened) {
      this.channels.setListened(log, false)
      this.lossyListened.add(channel)
      this.lossy.listen(channel, null)
    }
    if (log && (log.head > 0 || log.waiting > 0)) {
      this.acceptance.commits.check()
      this.acceptance.forget(log).catch(() => this.knownLossy.delete(channel))
    } else if (log) this.channels.leave(log)
    if (this.knownLossy.size >= knownLossyMax) this.knownLossy.clear()
    this.knownLossy.add(channel)
  }

  /** A rule that said `none` keeps again: who listened to the lossy channel listens to this one. */
  private listenKept(channel: Channel): void {
    this.lossyListened.delete(channel)
    this.lossy.unlisten(channel)
    this.lossy.forget(channel)
    this.channels.setListened(
      this.reading(() => this.channels.open(channel)),
      true,
    )
  }

  /** Drops what has expired since the last look, and counts the look as a use. */
  private refresh(log: StoredLog, keep: NonNullable<Keep>): void {
    this.channels.trim(log, keep, this.now())
    this.channels.touch(log, this.now())
  }

  private tailOfNone(channel: Channel): Position {
    return { epoch: this.epochs.print(this.epochs.floorOf(channel)), offset: 0 }
  }

  private reading<T>(act: () => T): T {
    try {
      return act()
    } catch (error) {
      throw unavailable(error, this.options.directory)
    }
  }

  private rememberEntry([channel, key, digest, epoch, offset, id, time, publisher]: KeyEntry): void {
    const receipt: Receipt = { position: { epoch, offset }, id, duplicate: false }
    this.receipts.remember({ channel, idempotency: { key, digest }, publisher }, receipt, time)
  }
}
