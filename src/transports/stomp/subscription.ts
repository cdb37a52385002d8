// One subscription of a STOMP client, as the hub sees it. What was written counts as received; where the client acknowledges, see
// acknowledged-subscription.ts.
import type { Code } from "../../../wire/codes.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import type { Frame } from "../../protocols/protocol.ts"
import type { SubscribeCommand } from "../../protocols/stomp/commands.ts"
import { joinFrame, messageHead, messageTails } from "../../protocols/stomp/message-frame.ts"
import type { MessageVariant } from "../../protocols/stomp/message-variant.ts"
import { resetFrame } from "../../protocols/stomp/server-frames.ts"
import type { StompVersion } from "../../protocols/stomp/version.ts"
import { oneByOne } from "../one-by-one.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../transport.ts"

/** The conversation it belongs to. */
export interface SubscriptionOwner {
  readonly connection: WritableConnection
  readonly version: StompVersion
  /** It listens now: its receipt, if one was asked for, says where. */
  started(subscription: StompSubscription, start: Start): void
  /** Ends the connection: STOMP has no frame that ends one subscription. */
  endWith(code: Code, channel: Channel): void
}

export interface SubscriptionOptions {
  readonly owner: SubscriptionOwner
  readonly command: SubscribeCommand
  readonly channel: Channel
  /** It is the connection's own channel, which no rule opened and no change of rules closes. */
  readonly isOwn: boolean
  /** Null: it is written to by itself. */
  readonly variant: MessageVariant | null
  /** To be answered once it listens. */
  readonly receipt: string | undefined
}

/** A frame is put together anew for each. */
const alone: GroupKind = oneByOne("stomp", { writeMicros: 12, messageMicros: 1.2 })

export class StompSubscription implements Listener {
  readonly channel: Channel
  readonly isOwn: boolean
  readonly key: string
  readonly destination: string
  readonly variant: MessageVariant | null
  readonly kind: GroupKind
  hubState: ListenerState | null = null
  groupIndex = -1
  receipt: string | undefined
  protected readonly owner: SubscriptionOwner
  protected readonly head: string
  /** The client knows cursors, and is told of resets. */
  private readonly knowsCursors: boolean
  private headBytes: Uint8Array | null = null
  private cancelled = false

  constructor({ owner, command, channel, isOwn, variant, receipt }: SubscriptionOptions) {
    const { id, destination } = command
    this.owner = owner
    this.channel = channel
    this.isOwn = isOwn
    this.key = command.key
    this.destination = destination
    this.variant = variant
    this.receipt = receipt
    this.knowsCursors = command.after !== undefined
    this.head = variant?.head ?? messageHead({ version: owner.version, id, destination })
    this.kind = variant ? owner.connection.kindOf(variant) : alone
  }

  get outbox(): object {
    return this.owner.connection
  }

  get closed(): boolean {
    return this.cancelled || this.owner.connection.closed
  }

  /** It was unsubscribed: a replay that is under way stops. */
  cancel(): void {
    this.cancelled = true
  }

  start(start: Start): void {
    this.owner.started(this, start)
  }

  write(messages: readonly PreparedMessage[]): void {
    this.owner.connection.sendAll(messages.flatMap((message) => this.framesOf(message)))
  }

  /** What is in no channel, and is not to be acknowledged. */
  deliver(tail: Frame): void {
    this.owner.connection.send(joinFrame(this.head, tail))
  }

  ready(): Promise<void> | null {
    return this.owner.connection.ready()
  }

  reset(position: Position, reason: ResetReason): void {
    if (this.knowsCursors)
      this.owner.connection.send(resetFrame({ head: this.head, channel: this.channel, position, reason }))
    // Who skips chose to lose messages by the channel's rule; everybody else must hear of it, and this client knows no word for it.
    else if (reason !== "skipped") this.owner.endWith("reset", this.channel)
  }

  end(code: Code): void {
    this.owner.endWith(code, this.channel)
  }

  /** A message's frame: in one, or in pieces where it may be, so that what others are sent, too, is kept once. `more`: lines of the head. */
  protected framesOf(message: PreparedMessage, more = ""): readonly Frame[] {
    const { connection, version } = this.owner
    const tails = messageTails[version]
    if (!connection.isByteStream) return [joinFrame(this.head + more, message.frameFor(tails))]
    this.headBytes ??= Buffer.from(this.head)
    const tail = message.bytesFor(tails)
    return more === "" ? [this.headBytes, tail] : [this.headBytes, Buffer.from(more), tail]
  }
}
