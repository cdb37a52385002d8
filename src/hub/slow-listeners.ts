// What becomes of a listener that takes no more for now, by its own wish or because its reader is slow: for the latter the channel's rule says whether it is closed, or skips to the newest message
// once its reader has drained.
import { audienceOf, channelOf, type UngroupedListener } from "./audience/audience.ts"
import type { Position } from "../../wire/cursor.ts"
import type { Channel, Rule } from "../channels/channel.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Listener } from "../transports/transport.ts"
import { isStarted, positionOf, rewind } from "./audience/listener-state.ts"
import { reasonOf, resetAtHead } from "./replay/catch-up.ts"
import type { Replays } from "./replay/replays.ts"

interface SlowListenersOptions {
  readonly ruleFor: (channel: Channel) => Rule
  readonly counters: Counters
  readonly replays: Replays
  /** A reader is about to be closed as slow: on which channel, and by what it listened. */
  readonly onSlow: ((channel: Channel, kind: string) => void) | undefined
}

export class SlowListeners {
  private readonly options: SlowListenersOptions

  constructor(options: SlowListenersOptions) {
    this.options = options
  }

  /** As `Hub.pause`. */
  pause(listener: Listener, after: Position): void {
    const audience = audienceOf(listener)
    if (audience?.move(listener, "pause", after))
      this.options.replays.add(listener.hubState as UngroupedListener)
    else rewind(listener, after)
  }

  /** As `Hub.startSkipping`. */
  startSkipping(listener: Listener): (() => void) | null {
    const { ruleFor, counters, onSlow } = this.options
    const channel = channelOf(listener)
    if (channel === null) return null
    const audience = audienceOf(listener)
    if ((audience?.rule ?? ruleFor(channel)).slow !== "latest") {
      counters.slowClosed++
      onSlow?.(channel, listener.kind.name)
      return null
    }
    // It was given nothing yet, so there is nothing to skip. Others may wait for its start, as for the whole of a stream.
    if (!audience || !isStarted(listener)) return () => undefined
    if (!audience.move(listener, "skip", positionOf(listener, audience))) return () => undefined
    counters.slowSkipped++
    const skipping = listener.hubState as UngroupedListener
    return () => this.resume(skipping)
  }

  /** The reader has taken all that waited: the listener goes on with the newest message, and is told what it missed. */
  private resume(skipping: UngroupedListener): void {
    const { audience, listener, position } = skipping
    if (listener.hubState !== skipping || listener.closed) return
    // What was missed of another numbering cannot be counted, so it is said as it is to everybody else.
    if (position.epoch !== audience.epoch)
      return resetAtHead(skipping, reasonOf(position, "epoch"), this.options.counters)
    const missed = audience.head - position.offset
    const newest = audience.newestAfter(position)
    const before: Position = { epoch: audience.epoch, offset: audience.head - 1 }
    if (missed > 0 && !newest && audience.rule.keep !== null) {
      if (missed > 1) listener.reset(before, "skipped")
      if (listener.hubState === skipping) this.options.replays.begin(audience, listener, before)
      return
    }
    audience.move(listener, "at-head")
    // Who missed nothing has nothing to be told, and who missed the newest alone has missed nothing once it has it.
    if (missed === 0) return
    if (!newest) return listener.reset(audience.position, "skipped")
    if (missed > 1) listener.reset(before, "skipped")
    if (!listener.closed) listener.write([newest])
  }
}
