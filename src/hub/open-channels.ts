// The channels that are open on a node: those that somebody here listens to. A channel is opened for the first who joins, the
// engine is asked once however many wait for it, and it is closed behind the last who leaves.
import type { Code } from "../../wire/codes.ts"
import type { Position } from "../../wire/cursor.ts"
import { LabaError } from "../../wire/error.ts"
import type { Limits } from "../../wire/limits.ts"
import type { Channel, Rule } from "../channels/channel.ts"
import type { Engine, MaybePromise } from "../engines/engine.ts"
import type { Listener } from "../transports/transport.ts"
import { Audience, type AudienceContext, detach, audienceOf } from "./audience/audience.ts"

/** Listeners ended in one turn when a channel is deleted: a close is a system call or two. */
const endSliceMax = 200

/** Told when a channel has its first listener on this node, or has lost its last. */
export type OnOccupancy = (kind: "occupied" | "vacated", channel: Channel) => void

interface OpenChannelsOptions {
  readonly engine: Engine
  readonly ruleFor: (channel: Channel) => Rule
  readonly limits: Pick<Limits, "listenedChannelsMax">
  readonly context: AudienceContext
}

export class OpenChannels {
  readonly audiences = new Map<Channel, Audience>()
  onOccupancy: OnOccupancy | null = null
  private readonly opening = new Map<Channel, Promise<Audience>>()
  private readonly options: OpenChannelsOptions

  constructor(options: OpenChannelsOptions) {
    this.options = options
  }

  /** Opens a channel that may be open already. Throws what the engine throws, and `too_many_listened`. */
  open(channel: Channel): MaybePromise<Audience> {
    const known = this.audiences.get(channel) ?? this.opening.get(channel)
    if (known) return known
    this.checkRoom()
    const { engine, ruleFor, context } = this.options
    const rule = ruleFor(channel)
    const make = (position: Position): Audience => {
      const audience = new Audience({ channel, rule, position, context })
      this.audiences.set(channel, audience)
      this.onOccupancy?.("occupied", channel)
      return audience
    }
    const position = engine.listen(channel, rule.keep)
    if (!(position instanceof Promise)) return make(position)
    const opening = position.then(make).finally(() => this.opening.delete(channel))
    this.opening.set(channel, opening)
    return opening
  }

  /** Whether this very audience is still listened to. */
  isOpen(audience: Audience): boolean {
    return this.audiences.get(audience.channel) === audience
  }

  closeIfEmpty(audience: Audience): void {
    if (!audience.isEmpty) return
    audience.close()
    if (!this.isOpen(audience)) return
    this.takeOut(audience.channel)
    void this.options.engine.unlisten(audience.channel)
  }

  /** Takes a channel out, whose listeners are still to be ended: whoever comes from now on listens to the channel that begins anew. */
  takeOut(channel: Channel): Audience | undefined {
    const audience = this.audiences.get(channel)
    if (audience) {
      this.audiences.delete(channel)
      this.onOccupancy?.("vacated", channel)
    }
    return audience
  }

  /** Tells the engine that nobody listens to a channel that was taken out, unless somebody has come meanwhile. */
  unlistenUnlessOpen(channel: Channel): void {
    if (!this.audiences.has(channel) && !this.opening.has(channel)) void this.options.engine.unlisten(channel)
  }

  /** The listener is gone. */
  leave(listener: Listener): void {
    const audience = audienceOf(listener)
    detach(listener)
    if (audience) this.closeIfEmpty(audience)
  }

  /** Ends a listener, wherever it is. */
  end(listener: Listener, code: Code): void {
    this.leave(listener)
    listener.end(code)
  }

  /** Ends all who are in an audience now, a slice at a time. Returns how many they are. */
  endAll(audience: Audience, code: Code): number {
    const listeners = audience.everybody()
    const { length } = listeners
    this.endInSlices(audience, listeners, code)
    return length
  }

  /** One that has left meanwhile hears of it no more. */
  private endInSlices(audience: Audience, listeners: Listener[], code: Code): void {
    for (const listener of listeners.splice(0, endSliceMax))
      if (audienceOf(listener) === audience) this.end(listener, code)
    if (listeners.length > 0) setImmediate(() => this.endInSlices(audience, listeners, code))
  }

  private checkRoom(): void {
    const { listenedChannelsMax } = this.options.limits
    if (this.audiences.size + this.opening.size < listenedChannelsMax) return
    throw new LabaError(
      "too_many_listened",
      `On this node at most ${listenedChannelsMax} channels are listened to (limits.listenedChannelsMax).`,
      { retryAfterSeconds: 5, limit: "listenedChannelsMax" },
    )
  }
}
