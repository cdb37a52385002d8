// Presence as one node knows it: a tracker (presence-tracker.ts) for each channel whose rule keeps presence, while somebody is there or asks
// who is. In a cluster an exchange (presence-exchange.ts) adds what the other nodes announce.
import { systemClock } from "../../bounds/clock.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { PresenceSnapshot, PresenceExchange, PresenceSource } from "./presence-exchange.ts"
import type { PresencePage, PageRequest, Presence, PresenceHandle, PresenceSubscriber } from "./presence.ts"
import { PresenceTracker } from "./presence-tracker.ts"

/** A user without a connection has left after so long. A page that is loaded again, or a train in a tunnel, is back by then. */
const graceMsUsual = 5000

/** Trackers looked at in one turn: a change is a few microseconds, or a write to Redis. */
const sliceMax = 1000

/** How often changes are told. A list of names is read by people: a quarter of a second is at once. */
const tickMs = 250

interface PresenceRegistryOptions {
  /** This node's name. */
  readonly node: string
  /** Whether a channel's rule keeps presence. */
  readonly keeps: (channel: Channel) => boolean
  /** Null without other nodes. */
  readonly exchange?: PresenceExchange | null
  readonly graceMs?: number
  /** Milliseconds since 1970. Where it is given, durations are measured by it too. */
  readonly now?: () => number
  /** For tests: no timer; only a call of `tick` moves anything. */
  readonly manual?: boolean
}

export class PresenceRegistry implements Presence, PresenceSource {
  private readonly options: PresenceRegistryOptions
  private readonly exchange: PresenceExchange | null
  private readonly trackers = new Map<Channel, PresenceTracker>()
  /** Trackers with something to do. */
  private readonly busy = new Set<PresenceTracker>()
  private ticking = false
  private readonly timer: ReturnType<typeof setInterval> | null

  constructor(options: PresenceRegistryOptions) {
    this.options = options
    this.exchange = options.exchange ?? null
    this.exchange?.begin(this)
    this.timer = options.manual ? null : setInterval(() => this.tick(), tickMs)
    this.timer?.unref()
  }

  join(channel: Channel, user: string | undefined): PresenceHandle | null {
    if (!this.options.keeps(channel)) return null
    const tracker = this.trackerOf(channel)
    tracker.join(user)
    return new TrackedHandle(tracker, user)
  }

  list(channel: Channel, page: PageRequest): MaybePromise<PresencePage> {
    this.checkKept(channel)
    if (!this.exchange) return this.trackers.get(channel)?.known(page) ?? nobody
    const tracker = this.trackerOf(channel)
    return tracker.asked().then(() => tracker.known(page))
  }

  subscribe(
    channel: Channel,
    subscriber: PresenceSubscriber,
    membersMax: number,
  ): MaybePromise<PresencePage> {
    this.checkKept(channel)
    const tracker = this.trackerOf(channel)
    // First of all: other nodes are observed for as long as somebody subscribes.
    tracker.subscribe(subscriber)
    if (!this.exchange) return tracker.told(membersMax)
    return tracker.asked().then(
      () => tracker.told(membersMax),
      (error: unknown) => {
        tracker.unsubscribe(subscriber)
        throw error
      },
    )
  }

  unsubscribe(channel: Channel, subscriber: PresenceSubscriber): void {
    this.trackers.get(channel)?.unsubscribe(subscriber)
  }

  rulesChanged(): void {
    for (const [channel, tracker] of this.trackers) if (!this.options.keeps(channel)) tracker.close()
  }

  *channels(): Iterable<Channel> {
    yield* this.trackers.keys()
  }

  snapshot(channel: Channel): PresenceSnapshot {
    return this.trackers.get(channel)?.snapshot() ?? emptySnapshot
  }

  takeSnapshot(channel: Channel): PresenceSnapshot {
    return this.trackers.get(channel)?.takeSnapshot() ?? emptySnapshot
  }

  /** Tells what changed and lets leave who is due. The registry does so by itself. */
  tick(): void {
    if (this.ticking) return
    this.tickSlice([...this.busy])
  }

  private tickSlice(trackers: PresenceTracker[]): void {
    for (const tracker of trackers.splice(0, sliceMax)) {
      if (tracker.tick()) continue
      this.busy.delete(tracker)
      if (tracker.isEmpty) this.trackers.delete(tracker.channel)
    }
    this.ticking = trackers.length > 0
    if (this.ticking) setImmediate(() => this.tickSlice(trackers))
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
  }

  private readonly wake = (tracker: PresenceTracker): void => void this.busy.add(tracker)

  private trackerOf(channel: Channel): PresenceTracker {
    let tracker = this.trackers.get(channel)
    if (!tracker) {
      const { node, graceMs = graceMsUsual, now } = this.options
      const clock = now ? { now, monotonic: now } : systemClock
      tracker = new PresenceTracker({
        channel,
        node,
        graceMs,
        ...clock,
        exchange: this.exchange,
        wake: this.wake,
      })
      this.trackers.set(channel, tracker)
    }
    return tracker
  }

  private checkKept(channel: Channel): void {
    if (this.options.keeps(channel)) return
    throw new LabaError(
      "not_found",
      `Who listens to ${channel} is not kept; a rule with \`presence: true\` keeps it.`,
    )
  }
}

const emptySnapshot: PresenceSnapshot = { members: [], guests: 0 }

const nobody: PresencePage = { members: [], next: null, users: 0, guests: 0 }

/** What one connection holds while it is in a channel. */
class TrackedHandle implements PresenceHandle {
  private tracker: PresenceTracker | null
  private readonly user: string | undefined

  constructor(tracker: PresenceTracker, user: string | undefined) {
    this.tracker = tracker
    this.user = user
  }

  leave(): void {
    this.tracker?.leave(this.user)
    this.tracker = null
  }
}
