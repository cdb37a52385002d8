// The SQLite engine: the memory engine's way of listening and reading, with history, numbers and Idempotency-Keys on disk.
// A publish is answered when it is durable, together with what else came meanwhile; nothing is delivered before that,
// unless the setting `acknowledge: first` says so. Reads and listens answer at once.
//
// Channels without history live in a memory engine beside it: there is nothing of theirs to keep but keys.
import type { Limits } from "../../../wire/limits.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import type {
  ChannelState,
  Draft,
  Engine,
  EngineEvents,
  MaybePromise,
  HistoryPage,
  PageBounds,
  Receipt,
  SourceKeeper,
} from "../engine.ts"
import type { ChannelsPage, EngineFigures, Inventory } from "../inventory.ts"
import { MemoryEngine } from "../memory/memory-engine.ts"
import { historyShareMax } from "../publisher-shares.ts"
import { IdempotencyKeys } from "../idempotency-keys.ts"
import { SourceMarks } from "../source-marks.ts"
import { WritePipeline } from "./write-pipeline.ts"
import { ChannelTables } from "./database/channel-tables.ts"
import { StoredChannels } from "./stored-channels.ts"
import { DiskBudget } from "./disk-budget.ts"
import { Epochs } from "./epochs.ts"
import { JournalFlusher } from "./journal-flusher.ts"
import { listChannels } from "./channel-list.ts"
import { Journal, type KeyRecord } from "./database/journal.ts"
import { recoverJournal } from "./journal-recovery.ts"
import { DatabaseFile } from "./database/database-file.ts"
import type { StoredLog } from "./stored-log.ts"
import { cannotOpen, databaseErrorOf, unavailable } from "./database/database-errors.ts"
import { Upkeep } from "./upkeep.ts"

/** How often the engine looks whether something is to be flushed or cleared. */
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

export class SqliteEngine implements Engine, SourceKeeper, Inventory {
  private readonly options: SqliteEngineOptions
  private readonly now: () => number
  private readonly database: DatabaseFile
  private readonly journal: Journal
  private readonly epochs: Epochs
  private readonly channels: StoredChannels
  private readonly flusher: JournalFlusher
  private readonly idempotencyKeys: IdempotencyKeys
  private readonly sources = new SourceMarks()
  private readonly upkeep: Upkeep
  private readonly pipeline: WritePipeline
  private readonly lossy: MemoryEngine
  private readonly lossyListened = new Set<Channel>()
  private readonly knownLossy = new Set<Channel>()
  private readonly upkeepTimer: ReturnType<typeof setInterval>
  private closing: Promise<void> | null = null

  /** Throws `engine_unavailable` when the directory cannot be used; nothing in it was changed then. */
  constructor(events: EngineEvents, options: SqliteEngineOptions) {
    this.options = options
    this.now = options.now ?? Date.now
    const { limits, onTrim, directory, diskBytesMax = defaultDiskBytesMax } = options
    const database = DatabaseFile.open(directory)
    this.database = database
    const tables = new ChannelTables(database)
    try {
      this.epochs = database.transaction(() => new Epochs(database, tables, options.acknowledge === "first"))
      database.syncNow()
      this.journal = new Journal(database)
      this.channels = new StoredChannels({
        tables,
        epochs: this.epochs,
        memoryBytesMax: () => limits.historyBytesMax,
        shareBytesMax: () => historyShareMax(diskBytesMax, limits),
      })
      this.flusher = new JournalFlusher({
        database,
        tables,
        journal: this.journal,
        channels: this.channels,
        now: this.now,
      })
      this.idempotencyKeys = new IdempotencyKeys(limits)
      const { journal, channels, epochs, flusher } = this
      recoverJournal({ journal, channels, epochs, flusher })
      for (const key of journal.keys(this.now())) this.rememberKey(key)
      this.rememberSources()
    } catch (error) {
      database.close()
      throw cannotOpen(error, directory)
    }
    this.lossy = new MemoryEngine(events, { limits, now: this.now, ...(onTrim && { onTrim }) })
    const { journal, epochs, channels, flusher, idempotencyKeys, sources, lossy, now } = this
    const onTrouble = (says: string | null) => options.onTrouble?.(says)
    const onError = (error: unknown) => onTrouble(databaseErrorOf(error, directory).says)
    const diskBudget = new DiskBudget({
      ...{ database, tables, epochs, channels },
      bytesMax: diskBytesMax,
      onTrim: (channel) => onTrim?.(channel),
    })
    this.upkeep = new Upkeep({ database, tables, channels, diskBudget, flusher, now, onError })
    const { upkeep } = this
    const acknowledgesFirst = options.acknowledge === "first"
    const parts = {
      events,
      database,
      journal,
      epochs,
      channels,
      flusher,
      upkeep,
      idempotencyKeys,
      sources,
      lossy,
    }
    this.pipeline = new WritePipeline({ ...parts, acknowledgesFirst, limits, now, onTrouble })
    this.upkeepTimer = setInterval(() => {
      if (this.upkeep.isDue && !this.pipeline.commits.isBusy) void this.runUpkeep()
    }, tendIntervalMs)
    this.upkeepTimer.unref()
  }

  get directory(): string {
    return this.options.directory
  }

  get figures(): EngineFigures {
    const lossy = this.lossy.figures
    return {
      historyBytes: this.channels.memoryBytes + (lossy.historyBytes ?? 0),
      idempotencyKeys: this.idempotencyKeys.size,
      channels: this.channels.size + (lossy.channels ?? 0),
    }
  }

  channelsPage(from: string | null, limit: number): ChannelsPage {
    return this.reading(() => listChannels(this.channels, this.lossy, from, limit))
  }

  publish(draft: Draft, keep: Keep): MaybePromise<Receipt> {
    const { idempotency, channel } = draft
    if (idempotency) {
      const known = this.idempotencyKeys.find({ ...draft, idempotency }, this.now())
      if (known) return known
      const waiting = this.pipeline.repeats(draft)
      if (waiting) return waiting
    }
    if (keep === null) return this.publishLossy(draft)
    this.pipeline.commits.check()
    if (this.lossyListened.has(channel)) this.listenKept(channel)
    this.knownLossy.delete(channel)
    const log = this.reading(() => this.channels.open(channel))
    this.channels.touch(log, this.now())
    return this.pipeline.publish(draft, keep, log)
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

  history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): HistoryPage {
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
    this.pipeline.commits.check()
    // Whoever listens from now on listens to what begins.
    this.channels.setListened(log, false)
    return this.pipeline.forget(log).then((kept) => kept + lossy)
  }

  partOf(): string {
    return ""
  }

  forgetSources(prefix: string): Promise<void> {
    const { database, journal, sources, pipeline } = this
    pipeline.commits.check()
    return pipeline.commits.alone(async () => {
      try {
        database.transaction(() => journal.sources.forget(prefix))
        await database.sync()
      } catch (error) {
        throw unavailable(error, this.options.directory)
      }
      sources.forget(prefix)
    })
  }

  /** Flushes what waits and clears what has expired. The engine does so by itself. */
  runUpkeep(): Promise<void> {
    return this.pipeline.commits.requestUpkeep()
  }

  /** Answers what waits, flushes everything, and lets go of the directory. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      clearInterval(this.upkeepTimer)
      this.lossy.close()
      await this.pipeline.commits.end()
      try {
        while (!this.flusher.isIdle) this.flusher.step()
        if (this.pipeline.commits.isEmpty) this.database.transaction(() => this.database.setMeta("ahead", 0))
      } catch (error) {
        // What could not be flushed is in the journal and is flushed at the next start.
        this.options.onTrouble?.(databaseErrorOf(error, this.options.directory).says)
      }
      this.database.close()
    })()
    return this.closing
  }

  private publishLossy(draft: Draft): MaybePromise<Receipt> {
    const { channel, idempotency, source } = draft
    this.endKeptLife(channel)
    if (!idempotency && !source && !this.pipeline.isLossyWaiting(channel))
      return this.lossy.publish(draft, null)
    // Its key or its source's mark must be durable, and what comes behind it must not overtake it.
    this.pipeline.commits.check()
    return this.pipeline.publishLossy(draft)
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
      this.pipeline.commits.check()
      this.pipeline.forget(log).catch(() => this.knownLossy.delete(channel))
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

  private rememberSources(): void {
    const { journal, sources } = this
    const now = this.now()
    for (const place of journal.sources.positions()) sources.move({ ...place, previous: null }, now)
    for (const [partition, id, expiresAt, count] of journal.sources.ids(now))
      sources.move({ partition, id, window: { count, milliseconds: expiresAt - now } }, now)
  }

  private rememberKey([channel, key, digest, epoch, offset, id, time, publisher]: KeyRecord): void {
    const receipt: Receipt = { position: { epoch, offset }, id, duplicate: false }
    this.idempotencyKeys.remember({ channel, idempotency: { key, digest }, publisher }, receipt, time)
  }
}
