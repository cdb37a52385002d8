// The memory engine: everything in this process, nothing to install, nothing kept over a restart. It answers at once.
import type { Position } from "../../../wire/cursor.ts"
import type { Limits } from "../../../wire/limits.ts"
import type { Channel, Keep } from "../../channels/channel.ts"
import { PagedMap } from "../../paging/paged-map.ts"
import { parsePageCursor, printPageCursor } from "../../paging/page-cursor.ts"
import type {
  ChannelState,
  Draft,
  Engine,
  EngineEvents,
  HistoryPage,
  PageBounds,
  Receipt,
  SourceKeeper,
} from "../engine.ts"
import { epochName, randomEpoch, slotCount, slotOf } from "../epoch-names.ts"
import type { ChannelsPage, EngineFigures, Inventory } from "../inventory.ts"
import { ChannelLog } from "./channel-log.ts"
import { ownerNameOf } from "../publisher-shares.ts"
import { IdempotencyKeys } from "../idempotency-keys.ts"
import { SourceMarks } from "../source-marks.ts"
import { HistoryBudget, numbersOnly } from "./history-budget.ts"

/** How often expired history is cleared. Reading never shows it, so a second late costs memory only. */
const sweepIntervalMs = 1000

export interface MemoryEngineOptions {
  /** Read whenever they are needed: a changed one holds from then on. */
  readonly limits: Pick<
    Limits,
    "historyBytesMax" | "historyPercentPerPublisherMax" | "idempotencyKeysMax" | "idempotencySeconds"
  >
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Names this run: 1-12 of [0-9A-Za-z]. Random by default, so that cursors of an earlier run reset. */
  readonly boot?: string
  /** A channel's history was dropped before its time, for the node's budget. */
  readonly onTrim?: (channel: Channel) => void
}

export class MemoryEngine implements Engine, SourceKeeper, Inventory {
  private readonly logs = new PagedMap<Channel, ChannelLog>()
  private readonly budget: HistoryBudget
  private readonly keys: IdempotencyKeys
  private readonly sources = new SourceMarks()
  private readonly events: EngineEvents
  private readonly now: () => number
  private readonly boot: string
  private readonly sweeping: ReturnType<typeof setInterval>
  /**
   * Counts, for each slot of names, the numbered channels that were forgotten. The count is part of the epoch of a
   * channel that begins, so that a cursor of its earlier life fits no more. Slots, not one count: a channel that nobody
   * ever published to keeps its epoch while others are forgotten, and remembering every name would cost what was saved.
   */
  private readonly generations = new Uint32Array(slotCount)

  constructor(events: EngineEvents, options: MemoryEngineOptions) {
    this.events = events
    this.now = options.now ?? Date.now
    this.boot = options.boot ?? randomEpoch()
    const { limits } = options
    this.keys = new IdempotencyKeys(limits)
    this.budget = new HistoryBudget({
      limits,
      onTrim: (log) => options.onTrim?.(log.channel),
      onEmpty: (log) => {
        this.logs.delete(log.channel)
        if (log.head > 0) this.renew(log.channel)
      },
    })
    this.sweeping = setInterval(() => this.sweep(), sweepIntervalMs)
    this.sweeping.unref()
  }

  /** Bytes that history costs on this node, by the same reckoning as the budget. */
  get historyBytes(): number {
    return this.budget.bytes
  }

  get figures(): EngineFigures {
    return {
      historyBytes: this.historyBytes,
      idempotencyKeys: this.keys.size,
      channels: this.logs.size,
    }
  }

  channelsPage(from: string | null, limit: number): ChannelsPage {
    const { items, next } = this.logs.page(parsePageCursor(from), limit)
    const channels = items.map(({ channel, tail, kept, bytes }) => ({ channel, tail, kept, bytes }))
    return { channels, next: printPageCursor(next) }
  }

  publish(draft: Draft, keep: Keep): Receipt {
    const { channel, idempotency, publisher, source } = draft
    const now = this.now()
    if (source && this.sources.knows(source, now))
      return { position: this.state(channel, keep).tail, id: draft.id, duplicate: true }
    if (idempotency) {
      const known = this.keys.find({ channel, idempotency, publisher }, now)
      if (known) return known
    }
    const log = this.logOf(channel)
    // A channel belongs to who began the history that it has now.
    const ownerName = ownerNameOf(publisher, keep)
    if (log.kept === 0 ? keep !== null || !log.listened : log.owner?.name === ownerName)
      this.budget.assign(log, ownerName, keep)
    const message = log.number(draft, now)
    if (keep !== null || log.kept > 0) {
      const before = log.cost
      // What was kept before a rule said `none` goes: were it there when a rule keeps again, there would be a hole in it.
      if (keep !== null) log.append(message)
      log.trim(keep, now)
      this.budget.charge(log, log.cost - before)
    }
    this.touch(log, keep, now)
    this.budget.enforce(now)
    const receipt: Receipt = {
      position: { epoch: log.epoch, offset: log.head },
      id: draft.id,
      duplicate: false,
    }
    if (idempotency) this.keys.remember({ channel, idempotency, publisher }, receipt, now)
    if (source) this.sources.move(source, now)
    if (log.listened) this.events.deliver(message)
    return receipt
  }

  listen(channel: Channel, keep: Keep): Position {
    const log = this.logOf(channel)
    this.setListened(log, true)
    this.touch(log, keep)
    return log.tail
  }

  unlisten(channel: Channel): void {
    const log = this.logs.get(channel)
    if (!log) return
    this.setListened(log, false)
    // Nothing was ever numbered here: the place is worth nothing, and a stream of one-time names must not cost any.
    if (log.head === 0) return this.drop(log)
    const now = this.now()
    if (log.kept === 0) this.budget.touch(log, numbersOnly, now)
    this.budget.enforce(now)
  }

  history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): HistoryPage {
    const log = this.logs.get(channel)
    if (!log) {
      const tail: Position = { epoch: this.epochOf(channel), offset: 0 }
      if (keep === null) return { reset: "no-history", tail }
      if (after.epoch !== tail.epoch || after.offset !== 0) return { reset: "epoch", tail }
      return { messages: [], more: false, tail }
    }
    this.refresh(log, keep)
    return log.page(after, keep, bounds)
  }

  state(channel: Channel, keep: Keep): ChannelState {
    const history = keep === null ? "none" : "kept"
    const log = this.logs.get(channel)
    if (!log) return { tail: { epoch: this.epochOf(channel), offset: 0 }, history, kept: 0, newest: null }
    this.refresh(log, keep)
    return { tail: log.tail, history, kept: log.kept, newest: log.newest() }
  }

  forget(channel: Channel): number {
    const log = this.logs.get(channel)
    if (!log) return 0
    const kept = log.kept
    this.drop(log)
    this.renew(channel)
    return kept
  }

  partOf(): string {
    return ""
  }

  forgetSources(prefix: string): void {
    this.sources.forget(prefix)
  }

  /** Clears what has expired. The engine does so each second by itself. */
  sweep(): void {
    this.budget.sweep(this.now())
  }

  close(): void {
    clearInterval(this.sweeping)
  }

  /** The epoch of a channel that begins now. */
  private epochOf(channel: Channel): string {
    return epochName(this.boot, this.generations[slotOf(channel)] as number)
  }

  /** From now on the name begins in another epoch. */
  private renew(channel: Channel): void {
    const slot = slotOf(channel)
    this.generations[slot] = (this.generations[slot] as number) + 1
  }

  private logOf(channel: Channel): ChannelLog {
    const known = this.logs.get(channel)
    if (known) return known
    const log = new ChannelLog(channel, this.epochOf(channel))
    this.logs.set(channel, log)
    this.budget.charge(log, log.cost)
    return log
  }

  /** Who listens holds the numbers, which the budget counts otherwise. */
  private setListened(log: ChannelLog, listened: boolean): void {
    const before = log.cost
    log.listened = listened
    this.budget.charge(log, log.cost - before)
  }

  private drop(log: ChannelLog): void {
    this.logs.delete(log.channel)
    this.budget.drop(log)
  }

  /** Drops what has expired since the last look, and counts the look as a use. */
  private refresh(log: ChannelLog, keep: Keep): void {
    const before = log.cost
    log.trim(keep, this.now())
    this.budget.charge(log, log.cost - before)
    this.touch(log, keep)
  }

  private touch(log: ChannelLog, keep: Keep, now = this.now()): void {
    this.budget.touch(log, keep === null ? numbersOnly : keep.timeMs, now)
  }
}
