// A long-poll on one channel. Thousands may wait on the same channel: those that stand alike get the same text.
import type { Code } from "../../../wire/codes.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import { jsonProtocol } from "../../protocols/message-json.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import { ListGroup } from "../list-group.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../transport.ts"
import { HeldPoll, type HeldPollOptions } from "./held-poll.ts"
import { pollAnswer } from "./poll-answer.ts"

class HeldChannelPollGroup extends ListGroup<HeldChannelPoll> {
  write(messages: readonly PreparedMessage[]): void {
    const last = messages[messages.length - 1]
    if (!last) return
    const texts = messages.map((prepared) => prepared.frameFor(jsonProtocol) as string)
    const body = pollAnswer(last.message.channel, last.message, null, texts, false)
    for (const poll of this.snapshot()) poll.answerWith(body, texts, last.message)
  }
}

const kind: GroupKind = {
  name: "poll",
  // A whole HTTP answer each.
  writeMicros: 25,
  messageMicros: 0.3,
  joins: false,
  make: () => new HeldChannelPollGroup() as ListGroup<Listener>,
}

export interface HeldChannelPollOptions extends HeldPollOptions {
  readonly channel: Channel
  /** Where it listens from; null is now. */
  readonly after: Position | null
  /** Where it stands until its audience says better, as far as is known. */
  readonly standing: Position | null
  /** Said in the answer, whatever comes: a channel without history cannot promise that nothing was missed before. */
  readonly reset: ResetReason | null
}

export class HeldChannelPoll extends HeldPoll implements Listener {
  hubState: ListenerState | null = null
  groupIndex = -1
  private readonly channel: Channel
  private readonly alwaysReset: ResetReason | null
  private position: Position | null

  constructor(options: HeldChannelPollOptions) {
    super(options)
    this.channel = options.channel
    this.alwaysReset = options.reset
    this.position = options.standing
    this.context.hub.join(this, options.channel, options.after)
  }

  get kind(): GroupKind {
    return kind
  }

  /** It listens to one channel. */
  get outbox(): this {
    return this
  }

  start({ position }: Start): void {
    this.position = position
  }

  write(messages: readonly PreparedMessage[]): void {
    const last = messages[messages.length - 1]
    if (!last) return
    const texts = messages.map((prepared) => prepared.frameFor(jsonProtocol) as string)
    // A replay may have more than this page; the client asks again from its cursor and gets the rest at once.
    this.answer(pollAnswer(this.channel, last.message, this.alwaysReset, texts, true))
  }

  answerWith(body: string, texts: readonly string[], position: Position): void {
    this.answer(
      this.alwaysReset === null ? body : pollAnswer(this.channel, position, this.alwaysReset, texts, false),
    )
  }

  ready(): null {
    return null
  }

  reset(position: Position, reason: ResetReason): void {
    this.answer(pollAnswer(this.channel, position, reason, [], false))
  }

  end(code: Code): void {
    this.fail(code, "The channel ended while the poll was waiting.")
  }

  protected left(): void {
    this.context.hub.leave(this)
  }

  protected emptyAnswer(): string | null {
    return this.position && pollAnswer(this.channel, this.position, this.alwaysReset, [], false)
  }
}
