// The hub of one node: leads each message to those who listen, and each listener to its channel. What is open is in
// open-channels.ts, who lacks something is caught up in replay/, whose turn it is knows fan-out.ts.
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
import type { Audience } from "./audience/audience.ts"
import { Joining } from "./audience/listener-state.ts"
import { RingBudget } from "./audience/ring.ts"
import { FanOut, type FanOutOptions } from "./fan-out.ts"
import type { Hub, Published } from "./hub.ts"
import { type OnOccupancy, OpenChannels } from "./open-channels.ts"
import { PublishGate } from "./publish-gate.ts"
import { type CatchUpContext, givePage, reasonOf, resetAtHead, startAtHead } from "./replay/catch-up.ts"
import { GapFetcher } from "./replay/gap-fetcher.ts"
import { Replays } from "./replay/replays.ts"
import { RuleRenewal } from "./rule-renewal.ts"
import { SlowListeners } from "./slow-listeners.ts"

interface NodeHubOptions<NodeEngine extends Engine> extends FanOutOptions {
  readonly engine: EngineFactory<NodeEngine>
  readonly ruleFor: (channel: Channel) => Rule
  readonly limits: Pick<Limits, "listenedChannelsMax" | "outboxBytesMax" | "pageMessagesMax" | "ringBytesMax">
  readonly counters: Counters
  /** A reader is about to be closed as slow: on which channel, and by what it listened. */
  readonly onSlow?: (channel: Channel, kind: string) => void
}

/** A page as whoever asked for it is told of it. */
const pageAfter = (after: Position, page: HistoryPage): HistoryPage =>
  "reset" in page ? { ...page, reset: reasonOf(after, page.reset) } : page

export class NodeHub<NodeEngine extends Engine = Engine> implements Hub, EngineEvents {
  readonly engine: NodeEngine
  private readonly options: NodeHubOptions<NodeEngine>
  private readonly counters: Counters
  private readonly fanOut: FanOut
  private readonly rings: RingBudget
  private readonly channels: OpenChannels
  private readonly audiences: ReadonlyMap<Channel, Audience>
  private readonly gate: PublishGate
  private readonly gapFetcher: GapFetcher
  private readonly replays: Replays
  private readonly slowListeners: SlowListeners
  private readonly ruleRenewal: RuleRenewal

  constructor(options: NodeHubOptions<NodeEngine>) {
    const { counters, limits, ruleFor, onSlow } = options
    this.options = options
    this.counters = counters
    this.engine = options.engine(this)
    this.fanOut = new FanOut(options)
    this.rings = new RingBudget(limits)
    const { engine, fanOut, rings } = this
    const context = { counters, rings, charge: fanOut.charge }
    const channels = new OpenChannels({ engine, ruleFor, limits, context })
    const { audiences } = channels
    const bounds = (): PageBounds => replayBounds(limits)
    const isOpen = (audience: Audience): boolean => channels.isOpen(audience)
    const gapFetcher = new GapFetcher({ engine, fanOut, counters, bounds, isOpen })
    const catchUp: CatchUpContext = {
      engine,
      counters,
      boundsFor: ({ messagesMax }) => {
        const { messages, bytes } = bounds()
        return { messages: Math.min(messages, messagesMax ?? messages), bytes }
      },
      onRead: (audience, message) => {
        if (message.epoch === audience.epoch && message.offset === audience.head + 1) this.deliver(message)
      },
    }
    this.channels = channels
    this.audiences = audiences
    this.gapFetcher = gapFetcher
    this.gate = new PublishGate({ engine, ruleFor, counters, audiences })
    this.replays = new Replays({
      givePage: (replay) => givePage(replay, catchUp),
      fetchGap: ({ audience }) => gapFetcher.fetch(audience),
      failed: (replay) => {
        if (replay.listener.hubState === replay) channels.end(replay.listener, "engine_unavailable")
      },
    })
    this.slowListeners = new SlowListeners({ ruleFor, counters, replays: this.replays, onSlow })
    this.ruleRenewal = new RuleRenewal(audiences, ruleFor)
  }

  set onOccupancy(told: OnOccupancy) {
    this.channels.onOccupancy = told
  }

  /** Channels that somebody on this node listens to. */
  get listenedChannels(): number {
    return this.audiences.size
  }

  /** What the rings of all channels hold. */
  get ringBytes(): number {
    return this.rings.bytes
  }

  /** Connections on this node that listen to a channel, held polls included. */
  listenersOf(channel: Channel): number {
    return this.audiences.get(channel)?.listeners ?? 0
  }

  /** `ruleFor` answers otherwise from now on: those who listen already live by it too. */
  rulesChanged(): void {
    this.ruleRenewal.start()
  }

  /** For whoever must publish in order: null when the channel's listeners keep up, else resolves when they may. */
  room(channel: Channel): Promise<void> | null {
    return this.gate.room(channel)
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
    const audience = this.channels.takeOut(channel)
    let messages: number
    try {
      messages = await this.engine.forget(channel)
    } catch (error) {
      // Nothing was forgotten, but nobody delivers to them any more: they come back and go on from where they were.
      if (audience) this.channels.endAll(audience, "engine_unavailable")
      this.channels.unlistenUnlessOpen(channel)
      throw error
    }
    return { messages, listeners: audience ? this.channels.endAll(audience, "deleted") : 0 }
  }

  join(listener: Listener, channel: Channel, after: Position | null): void {
    if (listener.hubState) return
    listener.hubState = new Joining(channel)
    this.enter(listener, channel, after)
  }

  prepare(channel: Channel): MaybePromise<() => void> {
    const audience = this.channels.open(channel)
    const release = (opened: Audience) => () => this.channels.closeIfEmpty(opened)
    return audience instanceof Promise ? audience.then(release) : release(audience)
  }

  leave(listener: Listener): void {
    this.channels.leave(listener)
  }

  pause(listener: Listener, after: Position): void {
    this.slowListeners.pause(listener, after)
  }

  startSkipping(listener: Listener): (() => void) | null {
    return this.slowListeners.startSkipping(listener)
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

  lost(channel: Channel): void {
    const audience = this.audiences.get(channel)
    if (audience) void this.gapFetcher.fetch(audience)
  }

  forgotten(channel: Channel): void {
    const audience = this.channels.takeOut(channel)
    if (!audience) return
    void this.engine.unlisten(channel)
    this.channels.endAll(audience, "deleted")
  }

  /** Leads a listener that is joining into the audience, once there is one. */
  private enter(listener: Listener, channel: Channel, after: Position | null): void {
    let audience: MaybePromise<Audience>
    try {
      audience = this.channels.open(channel)
    } catch (error) {
      return this.channels.end(listener, error instanceof LabaError ? error.code : "engine_unavailable")
    }
    if (!(audience instanceof Promise)) return this.begin(audience, listener, after)
    const joining = listener.hubState
    const isOver = () => listener.hubState !== joining || listener.closed
    audience.then(
      (opened) => {
        if (isOver()) return this.channels.closeIfEmpty(opened)
        // Whoever waited with it may have been the only one, and gone already: then it was closed behind them.
        this.enter(listener, channel, after)
      },
      () => {
        if (!isOver()) this.channels.end(listener, "engine_unavailable")
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
    this.replays.begin(audience, listener, after)
  }
}

/** A replay takes at most a quarter of a reader's outbox at once, so that replay alone never looks like slowness. */
const replayBounds = ({ pageMessagesMax, outboxBytesMax }: NodeHubOptions<Engine>["limits"]): PageBounds => ({
  messages: pageMessagesMax,
  bytes: Math.max(1, Math.floor(outboxBytesMax / 4)),
})
