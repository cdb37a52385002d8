// One channel of one laba.v1 client, as the hub sees it. A million of these may exist: four references and a number.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Presence, PresenceHandle } from "../../cluster/presence/presence.ts"
import { labaProtocol, printFrame } from "../../protocols/laba/frames.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../transport.ts"
import type { LabaConnection } from "./laba-connection.ts"

/** The conversation it belongs to. */
interface SubscriptionOwner {
  readonly connection: LabaConnection
  /** Ends it and tells the client why. */
  endSubscription(subscription: Subscription, code: Code): void
}

export class Subscription implements Listener {
  readonly channel: Channel
  hubState: ListenerState | null = null
  groupIndex = -1
  private readonly owner: SubscriptionOwner
  /** Of the command that is to be answered, as the client wrote it. */
  private ref: JsonText | undefined
  private cancelled = false
  /** Where its user is said to be, if the channel keeps presence. */
  private presenceHandle: PresenceHandle | null = null

  constructor(owner: SubscriptionOwner, channel: Channel, ref: JsonText | undefined) {
    this.owner = owner
    this.channel = channel
    this.ref = ref
  }

  get connection(): LabaConnection {
    return this.owner.connection
  }

  get outbox(): LabaConnection {
    return this.connection
  }

  get kind(): GroupKind {
    return this.connection.kindOf(labaProtocol)
  }

  get closed(): boolean {
    return this.cancelled || this.connection.closed
  }

  /** Whoever it belongs to now is there; before they were perhaps nobody known. */
  joinPresence(presence: Presence): void {
    this.leavePresence()
    this.presenceHandle = presence.join(this.channel, this.connection.user)
  }

  leavePresence(): void {
    this.presenceHandle?.leave()
    this.presenceHandle = null
  }

  /** It was unsubscribed: a replay that is under way stops. */
  cancel(): void {
    this.cancelled = true
  }

  start({ position, recovered, history }: Start): void {
    const { channel, ref } = this
    this.ref = undefined
    this.connection.send(
      printFrame(
        { op: "subscribed", channel, cursor: printCursor(channel, position), recovered, history },
        ref,
      ),
    )
  }

  write(messages: readonly PreparedMessage[]): void {
    this.connection.sendAll(messages.map((prepared) => prepared.frameFor(labaProtocol) as string))
  }

  ready(): Promise<void> | null {
    return this.connection.ready()
  }

  reset(position: Position, reason: ResetReason): void {
    this.connection.send(
      printFrame({ op: "reset", channel: this.channel, cursor: printCursor(this.channel, position), reason }),
    )
  }

  end(code: Code): void {
    this.owner.endSubscription(this, code)
  }
}
