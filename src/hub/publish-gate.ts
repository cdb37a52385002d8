// Lets publishes through to the engine, and holds them while the listeners of their channel lag: before anything is
// numbered, so that what was accepted is always given out.
import { LabaError } from "../../wire/error.ts"
import type { Channel, Rule } from "../channels/channel.ts"
import type { Draft, Engine, MaybePromise, Receipt } from "../engines/engine.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Audience } from "./audience/audience.ts"
import type { Published } from "./hub.ts"

/** Publishes that may wait for lagging listeners, all channels together. Each holds a message of at most 64 KiB. */
const waitingPublishesMax = 2000

interface PublishGateOptions {
  readonly engine: Engine
  readonly ruleFor: (channel: Channel) => Rule
  readonly counters: Counters
  readonly audiences: ReadonlyMap<Channel, Audience>
}

export class PublishGate {
  private waiting = 0
  private readonly options: PublishGateOptions

  constructor(options: PublishGateOptions) {
    this.options = options
  }

  /** Null when a publish to this channel would not wait for its listeners now; else resolves when it may not any more. */
  room(channel: Channel): Promise<void> | null {
    const audience = this.options.audiences.get(channel)
    return audience?.full ? audience.room() : null
  }

  publish(draft: Draft): MaybePromise<Published> {
    return this.options.audiences.get(draft.channel)?.full
      ? this.publishWhenRoom(draft)
      : this.publishNow(draft)
  }

  private publishNow(draft: Draft): MaybePromise<Published> {
    const { engine, ruleFor } = this.options
    const rule = ruleFor(draft.channel)
    const receipt = engine.publish(draft, rule.keep)
    return receipt instanceof Promise
      ? receipt.then((known) => this.published(draft, rule, known))
      : this.published(draft, rule, receipt)
  }

  private published(draft: Draft, rule: Rule, receipt: Receipt): Published {
    const { counters, audiences } = this.options
    if (receipt.duplicate) counters.duplicates++
    else {
      counters.published++
      counters.publishedBytes += draft.bytes
    }
    return {
      position: receipt.position,
      id: receipt.id,
      duplicate: receipt.duplicate,
      listeners: audiences.get(draft.channel)?.listeners ?? 0,
      history: rule.keep === null ? "none" : "kept",
    }
  }

  private async publishWhenRoom(draft: Draft): Promise<Published> {
    const { counters, audiences } = this.options
    if (this.waiting >= waitingPublishesMax) {
      counters.overloaded++
      throw new LabaError(
        "overloaded",
        "Messages come faster than the listeners of this channel can be given them.",
        { retryAfterSeconds: 1 },
      )
    }
    this.waiting++
    try {
      for (;;) {
        const audience = audiences.get(draft.channel)
        if (!audience?.full) return await this.publishNow(draft)
        await audience.room()
      }
    } finally {
      this.waiting--
    }
  }
}
