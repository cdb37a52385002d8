// A long-poll on many channels: what comes in one turn, on any of them, leaves in one answer.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import { jsonProtocol } from "../../protocols/message-json.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import { oneByOne } from "../one-by-one.ts"
import type { ChannelPositions } from "../channel-positions.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../transport.ts"
import { HeldPoll, type HeldPollOptions } from "./held-poll.ts"
import { type ChannelReset, manyPollAnswer } from "./poll-answer.ts"

const kind = oneByOne("poll-many", { writeMicros: 30, messageMicros: 0.5 })

interface HeldManyPollOptions extends HeldPollOptions {
  readonly channels: readonly Channel[]
  /**
   * Where it stands in each, all of them: until a channel's audience says better it stands there, so that there is a cursor
   * at any time, and what has come on one channel waits for no other.
   */
  readonly positions: ChannelPositions
  /** Where it listens from in each; null is now. */
  readonly from: readonly (Position | null)[]
  /** Channels without history say so in every answer. */
  readonly resets: readonly ChannelReset[]
}

export class HeldManyPoll extends HeldPoll {
  private readonly positions: ChannelPositions
  private readonly channels: PolledChannel[]
  private readonly resets: ChannelReset[]
  private readonly texts: string[] = []
  private more = false
  private answering = false

  constructor(options: HeldManyPollOptions) {
    super(options)
    this.positions = options.positions
    this.resets = [...options.resets]
    this.channels = options.channels.map((channel, index) => new PolledChannel(this, channel, index))
    this.channels.forEach((listener, index) => {
      this.context.hub.join(listener, listener.channel, options.from[index] ?? null)
    })
  }

  channelStarted(index: number, position: Position): void {
    this.positions.set(index, position)
  }

  channelMessages(index: number, messages: readonly PreparedMessage[], more: boolean): void {
    for (const prepared of messages) {
      this.positions.set(index, prepared.message)
      this.texts.push(prepared.frameFor(jsonProtocol) as string)
    }
    this.more ||= more
    this.answerSoon()
  }

  channelReset(index: number, position: Position, reason: ResetReason): void {
    this.positions.set(index, position)
    const channel = this.positions.channels[index] as Channel
    this.resets.push({
      channel,
      cursor: printCursor(channel, position),
      reason,
    })
    this.answerSoon()
  }

  protected left(): void {
    for (const channel of this.channels) this.context.hub.leave(channel)
  }

  protected emptyAnswer(): string {
    return manyPollAnswer(this.positions.cursor, this.resets, this.texts, this.more)
  }

  /** After the turn's fan-out, which may bring messages on other channels too. */
  private answerSoon(): void {
    if (this.answering) return
    this.answering = true
    queueMicrotask(() => {
      this.answering = false
      this.onDue()
    })
  }
}

class PolledChannel implements Listener {
  readonly channel: Channel
  hubState: ListenerState | null = null
  groupIndex = -1
  private readonly poll: HeldManyPoll
  private readonly index: number
  private paged = false

  constructor(poll: HeldManyPoll, channel: Channel, index: number) {
    this.poll = poll
    this.channel = channel
    this.index = index
  }

  get kind(): GroupKind {
    return kind
  }

  get outbox(): HeldManyPoll {
    return this.poll
  }

  /** One page of replay is enough for an answer. */
  get closed(): boolean {
    return this.poll.closed || this.paged
  }

  start({ position }: Start): void {
    this.poll.channelStarted(this.index, position)
  }

  write(messages: readonly PreparedMessage[]): void {
    const replaying = this.hubState?.phase !== "live"
    if (replaying) this.paged = true
    this.poll.channelMessages(this.index, messages, replaying)
  }

  ready(): null {
    return null
  }

  reset(position: Position, reason: ResetReason): void {
    this.poll.channelReset(this.index, position, reason)
  }

  end(code: Code): void {
    this.poll.fail(code, `${this.channel} ended while the poll was waiting.`)
  }
}
