// Monitors the channels of one watch: looks at where each stands, and says when one has gone silent or is back. A channel has
// spoken when its number moved, whoever published and on whichever node.
import type { Clock } from "../bounds/clock.ts"
import { type Position, printCursor } from "../../wire/cursor.ts"
import type { Channel } from "../channels/channel.ts"
import { covers } from "../channels/pattern-cover.ts"
import { anyPart, anyParts, anyUser, type Pattern } from "../channels/pattern.ts"
import type { MaybePromise } from "../engines/engine.ts"
import type { ChannelsPage } from "../engines/inventory.ts"
import { ListeningClock, lookEveryMs } from "./listening-clock.ts"
import { SilenceDetector } from "./silence-detector.ts"
import type { Alarm, Watch } from "./silence.ts"

/** What a monitor needs of an engine. */
export interface MonitoredEngine {
  /** Where a channel stands. Rejects when the engine cannot be asked. */
  tailOf(channel: Channel): MaybePromise<Position>
  /** When the newest message was accepted that is still kept, in milliseconds since 1970; null when none is. */
  newestAt(channel: Channel): MaybePromise<number | null>
  /** The channels there are, page by page. */
  channelsPage(from: string | null, limit: number): MaybePromise<ChannelsPage>
}

/** An alarm, and the name under which all nodes know it: they see the same silence after the same message. */
export interface NamedAlarm {
  readonly alarm: Alarm
  readonly name: string
}

/** Channels of one pattern that are watched at once. More would be a silence nobody can read. */
export const watchedMax = 1000

/** Channels looked at in one turn while looking for new ones that fit the pattern. */
const pageItemsMax = 1000

/**
 * A channel of a pattern that was there before the watch, and whose last message is so many silences old, has been taken
 * out of service some day: a restart must not give an alarm for each of them. It is watched again once it speaks.
 */
const retiredAfterSilences = 10

/** Retired channels remembered, so that they need not be asked about with each look. */
const retiredMax = 10_000

interface Watched {
  readonly silence: SilenceDetector
  tail: Position
  /** The last message that was heard; null when there was none. */
  last: string | null
}

export class SilenceMonitor {
  /** More channels fit the pattern than can be watched. */
  isOverfull = false
  readonly watch: Watch
  readonly lookEveryMs: number
  private readonly pattern: Pattern
  private readonly engine: MonitoredEngine
  private readonly clock: Clock
  private readonly listened: ListeningClock
  private readonly watched = new Map<Channel, Watched>()
  private readonly retired = new Map<Channel, Position>()
  private page: string | null = null
  /** What is found before all pages were seen once was there before the watch. */
  private isFirstSweep = true

  constructor(watch: Watch, pattern: Pattern, engine: MonitoredEngine, clock: Clock) {
    this.watch = watch
    this.pattern = pattern
    this.engine = engine
    this.clock = clock
    this.lookEveryMs = lookEveryMs(watch.silentMs)
    this.listened = new ListeningClock(this.lookEveryMs, clock.monotonic())
  }

  /** Looks once. Rejects when the engine cannot be asked: nobody is silent then, and the next look knows it. */
  async look(): Promise<NamedAlarm[]> {
    let news: (readonly [Channel, Position])[]
    try {
      const known = this.isPattern ? [...this.watched.keys()] : [this.watch.channel as Channel]
      // Together: over a network a thousand answers one after the other would take longer than the time between two looks.
      news = await Promise.all(
        known.map(async (channel) => [channel, await this.engine.tailOf(channel)] as const),
      )
      if (this.isPattern) news.push(...(await this.newcomers()))
    } catch (error) {
      this.listened.advance(this.clock.monotonic(), false)
      throw error
    }
    const disturbed = this.listened.advance(this.clock.monotonic(), true)
    if (disturbed) for (const { silence } of this.watched.values()) silence.disturbed(this.listened.ms)
    return news.flatMap(([channel, tail]) => this.compare(channel, tail))
  }

  private get isPattern(): boolean {
    return this.pattern.parts.some((part) => part === anyPart || part === anyParts || part === anyUser)
  }

  /** The next page of channels, as far as they fit and are not watched yet. */
  private async newcomers(): Promise<(readonly [Channel, Position])[]> {
    const { channels, next } = await this.engine.channelsPage(this.page, pageItemsMax)
    const found: (readonly [Channel, Position])[] = []
    for (const { channel, tail } of channels) {
      if (tail.offset === 0 || this.watched.has(channel) || !covers(this.pattern, literal(channel))) continue
      if (!(await this.isRetired(channel, tail))) found.push([channel, tail])
    }
    this.page = next
    if (next === null) this.isFirstSweep = false
    const room = watchedMax - this.watched.size
    if (found.length > room) this.isOverfull = true
    return found.slice(0, room)
  }

  private async isRetired(channel: Channel, tail: Position): Promise<boolean> {
    const known = this.retired.get(channel)
    if (known) {
      if (known.epoch === tail.epoch && known.offset === tail.offset) return true
      this.retired.delete(channel)
      return false
    }
    if (!this.isFirstSweep || this.retired.size >= retiredMax) return false
    const spokeAt = await this.engine.newestAt(channel)
    const isOld = spokeAt === null || this.clock.now() - spokeAt > retiredAfterSilences * this.watch.silentMs
    if (isOld) this.retired.set(channel, tail)
    return isOld
  }

  private compare(channel: Channel, tail: Position): NamedAlarm[] {
    const nowMs = this.listened.ms
    const known = this.watched.get(channel)
    if (!known) {
      const silence = new SilenceDetector(this.watch.silentMs, nowMs)
      this.watched.set(channel, { silence, tail, last: tail.offset > 0 ? printCursor(channel, tail) : null })
      return []
    }
    const { silence } = known
    // In a new numbering only what is beyond the old one was surely said since: an engine that lost some of its messages goes on
    // with those it has.
    if (tail.epoch !== known.tail.epoch && tail.offset <= known.tail.offset) {
      known.tail = tail
      // Forgotten, as a channel is that was idle for long: it has not spoken.
      if (tail.offset === 0) return this.stillSilent(channel, known)
      known.last = printCursor(channel, tail)
      silence.lostTrack(nowMs)
      return []
    }
    const hasSpoken = tail.offset !== known.tail.offset
    if (!hasSpoken) return this.stillSilent(channel, known)
    const back = silence.isSilent ? [this.namedAlarm("back", channel, known)] : []
    known.tail = tail
    known.last = printCursor(channel, tail)
    silence.heard(nowMs)
    return back
  }

  private stillSilent(channel: Channel, known: Watched): NamedAlarm[] {
    return known.silence.fallsSilent(this.listened.ms) ? [this.namedAlarm("silent", channel, known)] : []
  }

  private namedAlarm(kind: Alarm["alarm"], channel: Channel, { silence, last }: Watched): NamedAlarm {
    return {
      // Both are named after the message before the silence: which one ended it, two nodes may see differently.
      name: `${kind} ${this.watch.channel} ${channel} ${last ?? "never"}`,
      alarm: alarmOf(kind, this.watch, {
        channel,
        last,
        time: this.clock.now(),
        silentMs: silence.silentForMs(this.listened.ms),
      }),
    }
  }
}

const literal = (channel: Channel): Pattern => ({ text: channel, parts: channel.slice(1).split("/") })

interface AlarmFacts {
  readonly channel: string
  readonly last: string | null
  readonly time: number
  readonly silentMs: number
}

/** An alarm, its times in seconds with one decimal. */
export function alarmOf(kind: Alarm["alarm"], watch: Watch, facts: AlarmFacts): Alarm {
  return {
    alarm: kind,
    channel: facts.channel,
    watch: watch.channel,
    time: facts.time,
    silentSeconds: Math.round(facts.silentMs / 100) / 10,
    everySeconds: watch.everyMs / 1000,
    last: facts.last,
  }
}
