// For tests of the hub: an engine of another process, as the hub sees it. It answers later, and may fail to deliver. All
// of its channels have one log.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type {
  Draft,
  Engine,
  EngineEvents,
  MaybePromise,
  Message,
  HistoryPage,
  PageBounds,
} from "../../engines/engine.ts"

export class RemoteEngine implements Engine {
  readonly log: Message[] = []
  epoch = "remote1"
  private readonly events: EngineEvents
  deaf = false
  /** When set, nothing can be forgotten. */
  away: Error | null = null
  /** The channels that are delivered. */
  readonly listened = new Set<Channel>()
  /** How long an answer to `history` is under way. */
  travel: Promise<void> = Promise.resolve()

  constructor(events: EngineEvents) {
    this.events = events
  }

  async publish(draft: Draft) {
    await Promise.resolve()
    const message: Message = { ...draft, time: 0, epoch: this.epoch, offset: this.log.length + 1 }
    this.log.push(message)
    if (!this.deaf) this.events.deliver(message)
    return { position: message, id: draft.id, duplicate: false }
  }

  async listen(channel: Channel) {
    this.listened.add(channel)
    await Promise.resolve()
    return { epoch: this.epoch, offset: this.log.length }
  }

  unlisten(channel: Channel): void {
    this.listened.delete(channel)
  }

  async history(
    _channel: unknown,
    after: Position,
    _keep: unknown,
    { bytes }: PageBounds,
  ): Promise<HistoryPage> {
    const tail = { epoch: this.epoch, offset: this.log.length }
    // Each has one byte.
    const messages = this.log.slice(after.offset, after.offset + bytes)
    const more = after.offset + messages.length < this.log.length
    // What is published from here on is not in the answer: it travels while others publish.
    await this.travel
    if (after.epoch !== this.epoch) return { reset: "epoch", tail }
    return { messages, more, tail }
  }

  async state() {
    return {
      tail: { epoch: this.epoch, offset: this.log.length },
      history: "kept" as const,
      kept: 0,
      newest: null,
    }
  }

  forget(): MaybePromise<number> {
    return this.away ? Promise.reject(this.away) : 0
  }

  close(): void {}
}
