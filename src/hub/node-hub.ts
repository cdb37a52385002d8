// The hub of one node: opens and closes audiences, and leads each message and each listener to its place.
import type { Code } from "../../wire/codes.ts"
import type { Position } from "../../wire/cursor.ts"
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Channel, Rule } from "../channels/channel.ts"
import type {
  ChannelState,
  Draft,
  Engine,
  EngineEvents,
  EngineFactory,
  MaybePromise,
  Message,
  HistoryPage,
  PageBounds,
} from "../engines/engine.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Listener } from "../transports/transport.ts"
import { Audience, type AudienceContext, detach } from "./audience/audience.ts"
import { type CatchUpContext, givePage, reasonOf, resetAtHead, startAtHead } from "./replay/catch-up.ts"
import { FanOut, type FanOutOptions } from "./fan-out.ts"
import type { Hub, Published } from "./hub.ts"
import { GapFetcher } from "./replay/gap-fetcher.ts"
import {
  audienceOf,
  channelOf,
  isStarted,
  Joining,
  type Ungrouped,
  positionOf,
} from "./audience/listener-state.ts"
import { PublishGate } from "./publish-gate.ts"
import { Replays } from "./replay/replays.ts"
import { RingBudget } from "./audience/ring.ts"

/** Listeners ended in one turn when a channel is deleted: a close is a system call or two. */
const endSliceMax = 200

/** Channels whose rule is looked up in one turn: about 2 ms. */
const renewSliceMax = 2000

interface NodeHubOptions extends FanOutOptions {
  readonly engine: EngineFactory
  readonly ruleFor: (channel: Channel) => Rule
  readonly limits: Pick<Limits, "listenedChannelsMax" | "outboxBytesMax" | "pageMessagesMax" | "ringBytesMax">
  readonly counters: Counters
  /** A reader is about to be closed as slow: on which channel, and by what it listened. */
  readonly onSlow?: (channel: Channel, kind: string) => void
  /** A channel has its first listener on this node, or has lost its last. */
  readonly onOccupancy?: (kind: "occupied" | "vacated", channel: Channel) => void
}

/** A page as whoever asked for it is told of it. */
const pageAfter = (after: Position, page: HistoryPage): HistoryPage =>
  "reset" in page ? { ...page, reset: reasonOf(after, page.reset) } : page

export class NodeHub implements Hub, EngineEvents {
  readonly engine: Engine
  private readonly audiences = new Map<Channel, Audience>()
  private readonly opening = new Map<Channel, Promise<Audience>>()
  private readonly fanOut: FanOut
  private readonly gapFetcher: GapFetcher
  private readonly gate: PublishGate
  private readonly audienceContext: AudienceContext
  private readonly replays: Replays
  private readonly options: NodeHubOptions
  private readonly counters: Counters
  /** The channels whose rule is still to be looked up anew. */
  private renewing: Iterator<Audience> | null = null

  constructor(options: NodeHubOptions) {
    const { counters, limits, ruleFor } = options
    this.options = options
    this.counters = counters
    this.fanOut = new FanOut(options)
    this.engine = options.engine(this)
    const { engine, fanOut } = this
    this.gapFetcher = new GapFetcher({
      engine,
      fanOut,
      counters,
      bounds: () => this.replayBounds,
      isOpen: (audience) => this.audiences.get(audience.channel) === audience,
    })
    this.gate = new PublishGate({
      engine,
      ruleFor,
      counters,
      audienceOf: (channel) => this.audiences.get(channel),
    })
    this.audienceContext = { counters, rings: new RingBudget(limits), charge: fanOut.charge }
    const catchUpContext: CatchUpContext = {
      engine,
      counters,
      bounds: () => this.replayBounds,
      onRead: (audience, message) => {
        if (message.epoch === audience.epoch && message.offset === audience.head + 1) this.deliver(message)
      },
    }
    this.replays = new Replays({
      givePage: (replay) => givePage(replay, catchUpContext),
      fetchGap: ({ audience }) => this.gapFetcher.fetch(audience),
      failed: (replay) => {
        if (replay.listener.hubState === replay) this.end(replay.listener, "engine_unavailable")
      },
    })
  }

  /** A replay takes at most a quarter of a reader's outbox at once, so that replay alone never looks like slowness. */
  private get replayBounds(): PageBounds {
    const { pageMessagesMax, outboxBytesMax } = this.options.limits
    return { messages: pageMessagesMax, bytes: Math.max(1, Math.floor(outboxBytesMax / 4)) }
  }

  /** Channels that somebody on this node listens to. */
  get listenedChannels(): number {
    return this.audiences.size
  }

  /** What the rings of all channels hold. */
  get ringBytes(): number {
    return this.audienceContext.rings.bytes
  }

  /** Connections on this node that listen to a channel, held polls included. */
  listenersOf(channel: Channel): number {
    return this.audiences.get(channel)?.listeners ?? 0
  }

  /**
   * `ruleFor` answers otherwise from now on: those who listen already live by it too. A slice at a time, since there may
   * be a million channels; who joins meanwhile has the new rule already.
   */
  rulesChanged(): void {
    this.renewing = this.audiences.values()
    this.renewRules()
  }

  private renewRules(): void {
    const { renewing } = this
    if (!renewing) return
    for (let i = 0; i < renewSliceMax; i++) {
      const { done, value: audience } = renewing.next()
      if (done) {
        this.renewing = null
        return
      }
      audience.rule = this.options.ruleFor(audience.channel)
    }
    setImmediate(() => this.renewRules())
  }

  publish(draft: Draft): MaybePromise<Published> {
    return this.gate.publish(draft)
  }

  read(channel: Channel, after: Position, bounds: PageBounds): MaybePromise<HistoryPage> {
    const page = this.engine.history(channel, after, this.options.ruleFor(channel).keep, bounds)
    return page instanceof Promise ? page.then((read) => pageAfter(after, read)) : pageAfter(after, page)
  }

  state(channel: Channel): MaybePromise<ChannelState & { listeners: number }> {
    const listeners = this.listenersOf(channel)
    const state = this.engine.state(channel, this.options.ruleFor(channel).keep)
    return state instanceof Promise
      ? state.then((known) => ({ ...known, listeners }))
      : { ...state, listeners }
  }

  async forget(channel: Channel): Promise<{ messages: number; listeners: number }> {
    const audience = this.audiences.get(channel)
    // Out of the map first: whoever comes meanwhile listens to the channel that begins now.
    this.audiences.delete(channel)
    if (audience) this.options.onOccupancy?.("vacated", channel)
    let messages: number
    try {
      messages = await this.engine.forget(channel)
    } catch (error) {
      // Nothing was forgotten, but nobody delivers to them any more: they come back and go on from where they were.
      if (audience) this.endInSlices(audience, audience.everybody(), "engine_unavailable")
      if (!this.audiences.has(channel) && !this.opening.has(channel)) void this.engine.unlisten(channel)
      throw error
    }
    const leaving = audience?.everybody() ?? []
    const listeners = leaving.length
    if (audience) this.endInSlices(audience, leaving, "deleted")
    return { messages, listeners }
  }

  join(listener: Listener, channel: Channel, after: Position | null): void {
    if (listener.hubState) return
    listener.hubState = new Joining(channel)
    this.enter(listener, channel, after)
  }

  prepare(channel: Channel): MaybePromise<() => void> {
    const audience = this.audiences.get(channel) ?? this.open(channel)
    const release = (opened: Audience) => () => this.closeIfEmpty(opened)
    return audience instanceof Promise ? audience.then(release) : release(audience)
  }

  leave(listener: Listener): void {
    const audience = audienceOf(listener)
    detach(listener)
    if (audience) this.closeIfEmpty(audience)
  }

  startSkipping(listener: Listener): (() => void) | null {
    const channel = channelOf(listener)
    if (channel === null) return null
    const audience = audienceOf(listener)
    if ((audience?.rule ?? this.options.ruleFor(channel)).slow !== "latest") {
      this.counters.slowClosed++
      this.options.onSlow?.(channel, listener.kind.name)
      return null
    }
    // It was given nothing yet, so there is nothing to skip. Others may wait for its start, as for the whole of a stream.
    if (!audience || !isStarted(listener)) return () => undefined
    if (!audience.move(listener, "skip", positionOf(listener, audience))) return () => undefined
    this.counters.slowSkipped++
    const skipping = listener.hubState as Ungrouped
    return () => this.drained(skipping)
  }

  /** Resolves when every listener was given what was published so far. */
  delivered(): Promise<void> {
    return this.fanOut.idle()
  }

  deliver(message: Message): void {
    const audience = this.audiences.get(message.channel)
    if (!audience) return
    if (message.epoch !== audience.epoch || message.offset !== audience.head + 1) {
      // What was seen before comes again after a catch-up; anything else is a hole.
      if (message.epoch === audience.epoch && message.offset <= audience.head) return
      return this.lost(message.channel)
    }
    // Other nodes publish however far the listeners here lag. What cannot wait in the ring is fetched when there is room.
    if (audience.overfull) return this.lost(message.channel)
    audience.push(message)
    if (audience.immediate) this.fanOut.charge(audience.advance(0))
    else this.fanOut.wake(audience)
  }

  lost(channel: Channel | "all"): void {
    const missed = channel === "all" ? [...this.audiences.values()] : [this.audiences.get(channel)]
    for (const audience of missed) if (audience) void this.gapFetcher.fetch(audience)
  }

  forgotten(channel: Channel): void {
    const audience = this.audiences.get(channel)
    if (!audience) return
    // Out of the map first: whoever comes meanwhile listens to the channel that begins now.
    this.audiences.delete(channel)
    this.options.onOccupancy?.("vacated", channel)
    void this.engine.unlisten(channel)
    this.endInSlices(audience, audience.everybody(), "deleted")
  }

  private open(channel: Channel): MaybePromise<Audience> {
    const pending = this.opening.get(channel)
    if (pending) return pending
    this.checkRoom()
    const rule = this.options.ruleFor(channel)
    const make = (position: Position): Audience => {
      const audience = new Audience({ channel, rule, position, context: this.audienceContext })
      this.audiences.set(channel, audience)
      this.options.onOccupancy?.("occupied", channel)
      return audience
    }
    const position = this.engine.listen(channel, rule.keep)
    if (!(position instanceof Promise)) return make(position)
    const opening = position.then(make).finally(() => this.opening.delete(channel))
    this.opening.set(channel, opening)
    return opening
  }

  /** Throws `too_many_listened` when no further channel may be listened to. */
  private checkRoom(): void {
    const { listenedChannelsMax } = this.options.limits
    if (this.audiences.size + this.opening.size < listenedChannelsMax) return
    throw new LabaError(
      "too_many_listened",
      `On this node at most ${listenedChannelsMax} channels are listened to (limits.listenedChannelsMax).`,
      { retryAfterSeconds: 5, limit: "listenedChannelsMax" },
    )
  }

  /** Leads a listener that is joining into the audience, once there is one. */
  private enter(listener: Listener, channel: Channel, after: Position | null): void {
    let audience: MaybePromise<Audience>
    try {
      audience = this.audiences.get(channel) ?? this.open(channel)
    } catch (error) {
      return this.end(listener, error instanceof LabaError ? error.code : "engine_unavailable")
    }
    if (!(audience instanceof Promise)) return this.begin(audience, listener, after)
    const joining = listener.hubState
    const isOver = () => listener.hubState !== joining || listener.closed
    audience.then(
      (opened) => {
        if (isOver()) return this.closeIfEmpty(opened)
        // Whoever waited with it may have been the only one, and gone already: then it was closed behind them.
        this.enter(listener, channel, after)
      },
      () => {
        if (!isOver()) this.end(listener, "engine_unavailable")
      },
    )
  }

  private begin(audience: Audience, listener: Listener, after: Position | null): void {
    if (listener.closed) return this.leave(listener)
    if (after === null) return startAtHead(audience, listener, false)
    if (audience.rule.keep === null) return resetAtHead({ audience, listener }, "no-history", this.counters)
    if (after.epoch === audience.epoch && after.offset === audience.head) {
      this.counters.resumed++
      return startAtHead(audience, listener, true)
    }
    this.replay(audience, listener, after)
  }

  private replay(audience: Audience, listener: Listener, after: Position): void {
    if (audience.move(listener, "behind", after)) this.replays.add(listener.hubState as Ungrouped)
  }

  /** A slow reader has taken all that waited: it goes on with the newest message, and is told what it missed. */
  private drained(skipping: Ungrouped): void {
    const { audience, listener, position } = skipping
    if (listener.hubState !== skipping || listener.closed) return
    // What was missed of another numbering cannot be counted, so it is said as it is to everybody else.
    if (position.epoch !== audience.epoch)
      return resetAtHead(skipping, reasonOf(position, "epoch"), this.counters)
    const missed = audience.head - position.offset
    const newest = audience.newestAfter(position)
    const before = { epoch: audience.epoch, offset: audience.head - 1 }
    if (missed > 0 && !newest && audience.rule.keep !== null) {
      if (missed > 1) listener.reset(before, "skipped")
      if (listener.hubState === skipping) this.replay(audience, listener, before)
      return
    }
    audience.move(listener, "at-head")
    // Who missed nothing has nothing to be told, and who missed the newest alone has missed nothing once it has it.
    if (missed === 0) return
    if (!newest) return listener.reset(audience.position, "skipped")
    if (missed > 1) listener.reset(before, "skipped")
    if (!listener.closed) listener.write([newest])
  }

  private closeIfEmpty(audience: Audience): void {
    if (!audience.isEmpty) return
    audience.close()
    if (this.audiences.get(audience.channel) !== audience) return
    this.audiences.delete(audience.channel)
    this.options.onOccupancy?.("vacated", audience.channel)
    void this.engine.unlisten(audience.channel)
  }

  /** Ends a listener that is still where it was; one that has left meanwhile hears of it no more. */
  private end(listener: Listener, code: Code): void {
    this.leave(listener)
    listener.end(code)
  }

  private endInSlices(audience: Audience, listeners: Listener[], code: Code): void {
    for (const listener of listeners.splice(0, endSliceMax))
      if (audienceOf(listener) === audience) this.end(listener, code)
    if (listeners.length > 0) setImmediate(() => this.endInSlices(audience, listeners, code))
  }
}
