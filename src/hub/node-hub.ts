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
  Page,
  PageBounds,
  Receipt,
} from "../engines/engine.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Listener } from "../transports/transport.ts"
import { Audience } from "./audience.ts"
import { catchUp, seatAtHead, seatByReset } from "./catch-up.ts"
import { FanOut, type FanOutOptions } from "./fan-out.ts"
import type { Hub, Published } from "./hub.ts"
import { MakeUp } from "./make-up.ts"

/** Publishes that may wait for lagging listeners, all channels together. Each holds a message of at most 64 KiB. */
const waitingPublishesMax = 2000

/** Listeners ended in one turn when a channel is deleted: a close is a system call or two. */
const endSliceMax = 200

/** Channels whose rule is looked up in one turn: about 2 ms. */
const renewSliceMax = 2000

export interface NodeHubOptions extends FanOutOptions {
  readonly engine: EngineFactory
  readonly ruleFor: (channel: Channel) => Rule
  readonly limits: Pick<Limits, "outboxBytesMax" | "pageMessagesMax">
  readonly counters: Counters
  /** A reader is about to be closed as slow: on which channel, and by what it listened. */
  readonly onSlow?: (channel: Channel, kind: string) => void
  /** A channel has its first listener on this node, or has lost its last. */
  readonly onOccupancy?: (kind: "occupied" | "vacated", channel: Channel) => void
}

export class NodeHub implements Hub, EngineEvents {
  readonly engine: Engine
  private readonly audiences = new Map<Channel, Audience>()
  private readonly opening = new Map<Channel, Promise<Audience>>()
  private readonly fanOut: FanOut
  private readonly makeUp: MakeUp
  private readonly options: NodeHubOptions
  private readonly counters: Counters
  private waitingPublishes = 0
  /** The channels whose rule is still to be looked up anew. */
  private renewing: Iterator<Audience> | null = null

  constructor(options: NodeHubOptions) {
    this.options = options
    this.counters = options.counters
    this.fanOut = new FanOut(options)
    this.engine = options.engine(this)
    this.makeUp = new MakeUp({
      engine: this.engine,
      fanOut: this.fanOut,
      counters: options.counters,
      bounds: () => this.replayBounds,
      isOpen: (audience) => this.audiences.get(audience.channel) === audience,
    })
  }

  /** A replay takes at most a quarter of a reader's outbox at once, so that replay alone never looks like slowness. */
  private get replayBounds(): PageBounds {
    const { pageMessagesMax, outboxBytesMax } = this.options.limits
    return { messages: pageMessagesMax, bytes: Math.max(1, Math.floor(outboxBytesMax / 4)) }
  }

  /** Channels that somebody on this node listens to. */
  get channelsHeard(): number {
    return this.audiences.size
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
    const audience = this.audiences.get(draft.channel)
    return audience?.full ? this.publishWhenRoom(draft) : this.publishNow(draft)
  }

  read(channel: Channel, after: Position, bounds: PageBounds): MaybePromise<Page> {
    return this.engine.history(channel, after, this.options.ruleFor(channel).keep, bounds)
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
      // Nothing was forgotten, but they are in no audience any more: they come back and go on from where they were.
      this.endInSlices(audience?.everybody() ?? [], "engine_unavailable")
      throw error
    }
    const leaving = audience?.everybody() ?? []
    const listeners = leaving.length
    this.endInSlices(leaving, "deleted")
    return { messages, listeners }
  }

  join(listener: Listener, channel: Channel, after: Position | null): void {
    const audience = this.audiences.get(channel) ?? this.open(channel)
    if (!(audience instanceof Promise)) return this.begin(audience, listener, after)
    audience.then(
      (opened) => {
        const current = this.audiences.get(channel)
        // Whoever waited with it may have been the only one, and gone already: then it was closed behind them.
        if (!current && !listener.closed) return this.join(listener, channel, after)
        this.begin(current ?? opened, listener, after)
      },
      () => listener.end("engine_unavailable"),
    )
  }

  prepare(channel: Channel): MaybePromise<() => void> {
    const audience = this.audiences.get(channel) ?? this.open(channel)
    const release = (opened: Audience) => () => {
      if (opened.listeners === 0) this.close(opened)
    }
    return audience instanceof Promise ? audience.then(release) : release(audience)
  }

  leave(listener: Listener): void {
    const audience = listener.audience as Audience | null
    if (!audience) return
    listener.audience = null
    audience.unseat(listener)
    audience.listeners--
    if (audience.listeners === 0) this.close(audience)
  }

  slow(listener: Listener): (() => void) | null {
    const audience = listener.audience as Audience | null
    if (audience?.rule.slow !== "latest") {
      this.counters.slowClosed++
      if (audience) this.options.onSlow?.(audience.channel, listener.kind.name)
      return null
    }
    const stoodAt = audience.seatedAt(listener)
    audience.unseat(listener)
    audience.hold(listener)
    this.counters.slowSkipped++
    return () => {
      if (listener.closed || listener.audience !== audience || listener.bucket) return
      const { newest } = audience
      const missed = audience.head - stoodAt
      audience.seat(listener)
      // Who missed nothing has nothing to be told, and who missed the newest alone has missed nothing once it has it.
      if (missed === 0) return
      if (!newest) return listener.reset(audience.position, "skipped")
      if (missed > 1) listener.reset({ epoch: audience.epoch, offset: newest.message.offset - 1 }, "skipped")
      if (!listener.closed) listener.write([newest])
    }
  }

  /** Resolves when every listener was given what was published so far. */
  given(): Promise<void> {
    return this.fanOut.dry()
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
    for (const audience of missed) if (audience) void this.makeUp.run(audience)
  }

  private open(channel: Channel): MaybePromise<Audience> {
    const pending = this.opening.get(channel)
    if (pending) return pending
    const rule = this.options.ruleFor(channel)
    const make = (position: Position): Audience => {
      const audience = new Audience({
        channel,
        rule,
        position,
        counters: this.counters,
        charge: this.fanOut.charge,
      })
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

  private begin(audience: Audience, listener: Listener, after: Position | null): void {
    if (listener.closed) {
      if (audience.listeners === 0) this.close(audience)
      return
    }
    listener.audience = audience
    audience.listeners++
    if (after === null) return seatAtHead(audience, listener, false)
    if (audience.rule.keep === null)
      return seatByReset({ audience, listener, counters: this.counters }, "no-history", false)
    if (after.epoch === audience.epoch && after.offset === audience.head) {
      this.counters.resumed++
      return seatAtHead(audience, listener, true)
    }
    audience.beginCatchUp(listener)
    catchUp({
      engine: this.engine,
      audience,
      listener,
      after,
      bounds: this.replayBounds,
      counters: this.counters,
      onRead: (message) => {
        if (message.epoch === audience.epoch && message.offset === audience.head + 1) this.deliver(message)
      },
      behind: () => this.makeUp.run(audience),
    })
      .catch(() => listener.end("engine_unavailable"))
      .finally(() => audience.endCatchUp())
  }

  private close(audience: Audience): void {
    if (this.audiences.get(audience.channel) !== audience) return
    this.audiences.delete(audience.channel)
    this.options.onOccupancy?.("vacated", audience.channel)
    void this.engine.unlisten(audience.channel)
  }

  private publishNow(draft: Draft): MaybePromise<Published> {
    const rule = this.options.ruleFor(draft.channel)
    const receipt = this.engine.publish(draft, rule.keep)
    return receipt instanceof Promise
      ? receipt.then((known) => this.published(draft, rule, known))
      : this.published(draft, rule, receipt)
  }

  private published(draft: Draft, rule: Rule, receipt: Receipt): Published {
    if (receipt.duplicate) this.counters.duplicates++
    else {
      this.counters.published++
      this.counters.publishedBytes += draft.bytes
    }
    return {
      position: receipt.position,
      id: receipt.id,
      duplicate: receipt.duplicate,
      listeners: this.listenersOf(draft.channel),
      history: rule.keep === null ? "none" : "kept",
    }
  }

  /** Accepts no more than the listeners can be given: the publisher waits here, before anything is numbered. */
  private async publishWhenRoom(draft: Draft): Promise<Published> {
    if (this.waitingPublishes >= waitingPublishesMax) {
      this.counters.overloaded++
      throw new LabaError(
        "overloaded",
        "Messages come faster than the listeners of this channel can be given them.",
        {
          retryAfterSeconds: 1,
        },
      )
    }
    this.waitingPublishes++
    try {
      for (;;) {
        const audience = this.audiences.get(draft.channel)
        if (!audience?.full) return await this.publishNow(draft)
        await audience.room()
      }
    } finally {
      this.waitingPublishes--
    }
  }

  private endInSlices(listeners: Listener[], code: Code): void {
    for (const listener of listeners.splice(0, endSliceMax)) listener.end(code)
    if (listeners.length > 0) setImmediate(() => this.endInSlices(listeners, code))
  }
}
