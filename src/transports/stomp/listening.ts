// What a STOMP client listens to: SUBSCRIBE, UNSUBSCRIBE, ACK and NACK, and what reaches its subscriptions besides messages.
import type { Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import { printCursor } from "../../../wire/cursor.ts"
import { userOf } from "../../access/access.ts"
import { isOwnedBy, readChannel, userPart } from "../../access/rules/own-channels.ts"
import type { BudgetOwner } from "../../bounds/shared-budget.ts"
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import {
  readAck,
  readSubscribe,
  readUnsubscribe,
  type SubscribeCommand,
} from "../../protocols/stomp/commands.ts"
import { directDestination, type Meaning, readSubscribed } from "../../protocols/stomp/destinations.ts"
import type { ClientFrame } from "../../protocols/stomp/frame.ts"
import { type DirectMessage, directTail } from "../../protocols/stomp/message-frame.ts"
import type { HeaderList } from "../../protocols/stomp/server-frames.ts"
import type { StompVersion } from "../../protocols/stomp/version.ts"
import type { WhyForbidden } from "../connections/connection.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import { startSkipping } from "../start-skipping.ts"
import { countSubscribe, permitListening, subscribeInTurn } from "../conversation/subscribing.ts"
import { readCursor } from "../cursors.ts"
import type { Start } from "../transport.ts"
import { AcknowledgedSubscription } from "./acknowledged-subscription.ts"
import { ChannelPresence } from "./channel-presence.ts"
import type { StompContext } from "./stomp-context.ts"
import type { Step } from "./transactions.ts"
import { StompSubscription, type SubscriptionOptions, type SubscriptionOwner } from "./subscription.ts"
import { Subscriptions } from "./subscriptions.ts"
import { UnacknowledgedBudget } from "./unacknowledged-budget.ts"

/** What the conversation does for its subscriptions. */
interface ListeningOwner {
  readonly version: () => StompVersion
  readonly answerReceipt: (receipt: string, more: HeaderList) => void
  readonly end: (error: LabaError) => void
  /** Whose part it is of what a node has unacknowledged. */
  readonly budgetOwner: () => BudgetOwner
}

export class Listening implements SubscriptionOwner {
  readonly connection: WritableConnection
  private readonly stomp: StompContext
  private readonly owner: ListeningOwner
  private readonly subscriptions = new Subscriptions()
  private readonly presence: ChannelPresence
  private readonly unacknowledged: UnacknowledgedBudget
  private nextSubscribeMs = 0
  private directs = 0

  constructor(stomp: StompContext, connection: WritableConnection, owner: ListeningOwner) {
    const { context } = stomp
    this.stomp = stomp
    this.connection = connection
    this.owner = owner
    this.presence = new ChannelPresence(context.presence)
    this.unacknowledged = new UnacknowledgedBudget({
      node: stomp.unacknowledged,
      bytesMax: () => context.limits.outboxBytesMax / 4,
      owner: owner.budgetOwner,
    })
  }

  get version(): StompVersion {
    return this.owner.version()
  }

  get channels(): readonly Channel[] {
    return this.subscriptions.channels
  }

  /** The channel that a destination means for this client. Throws `bad_channel`. */
  channelOf(meaning: Meaning): Channel {
    const { identity } = this.connection.client
    const named = (name: string): Channel => readChannel(identity, name, "body")
    if (meaning.kind === "channel") return named(meaning.name)
    if (meaning.kind === "of-user") return named(`/${userPart(meaning.user)}${meaning.topic}`)
    // Who has no name is as good as a user whose name is the connection's id, which nobody can guess.
    return named(`/${userPart(userOf(identity) ?? this.connectionId)}${meaning.topic}`)
  }

  /** Throws what is wrong with the frame, and why the client may not. */
  subscribe(frame: ClientFrame): MaybePromise<void> {
    const { context, profile } = this.stomp
    const command = readSubscribe(frame, this.version)
    const channel = this.channelOf(readSubscribed(command.destination, profile))
    const after = command.after ? readCursor(command.after, channel) : null
    this.nextSubscribeMs = countSubscribe(this.nextSubscribeMs, this.stomp.context.limits)
    if (this.subscriptions.get(command.key))
      throw new LabaError("bad_frame", "A subscription of this id is there already: UNSUBSCRIBE ends it.")
    const { channelsPerConnectionMax } = context.limits
    if (this.subscriptions.size >= channelsPerConnectionMax)
      throw new LabaError(
        "too_many_channels",
        `One connection has at most ${channelsPerConnectionMax} subscriptions.`,
        { limit: "channelsPerConnectionMax" },
      )
    const isOwn = isOwnedBy(channel, this.connectionId)
    const receipt = frame.headers.get("receipt")
    return subscribeInTurn({
      context,
      connection: this.connection,
      channel,
      permit: () => {
        if (!isOwn) permitListening(context.access, this.connection.client.identity, { channel, after })
      },
      join: () => {
        const subscription = this.make(command, { channel, isOwn, receipt })
        this.subscriptions.add(subscription)
        this.presence.enter(channel, this.connection.user)
        context.hub.join(subscription, channel, after)
      },
    })
  }

  /** Throws `bad_frame` for one that is not there. */
  unsubscribe(frame: ClientFrame): void {
    const subscription = this.subscriptions.get(readUnsubscribe(frame, this.version))
    if (!subscription) throw new LabaError("bad_frame", "There is no subscription of this id.")
    this.remove(subscription)
  }

  /** What an ACK or a NACK does, now or when its transaction is committed. Throws `bad_frame`. */
  prepareAck(frame: ClientFrame): Step {
    const command = readAck(frame, this.version)
    return () => {
      const found = this.subscriptions.acknowledged(command)
      // A client may well acknowledge what it got before it unsubscribed.
      if (found === "over") return () => undefined
      if (found === "unknown")
        throw new LabaError(
          "bad_frame",
          "No message of this id waits to be acknowledged on this connection; none does where `ack` is `auto`.",
        )
      const { subscription, messageId } = found
      return () => {
        const messages = subscription.take(messageId)
        // None where the same transaction has acknowledged it already.
        if (frame.command === "NACK" && messages.length > 0)
          this.stomp.nacked(this.connection, { channel: subscription.channel, messages })
      }
    }
  }

  started(subscription: StompSubscription, { position, recovered, history }: Start): void {
    const { receipt, channel } = subscription
    // Once: a subscription that was behind begins again without a word.
    subscription.receipt = undefined
    if (receipt === undefined) return
    this.owner.answerReceipt(receipt, [
      ["cursor", printCursor(channel, position)],
      ["recovered", String(recovered)],
      ["history", history],
    ])
  }

  endWith(code: Code, channel: Channel): void {
    this.owner.end(new LabaError(code, `${channel} is listened to no longer.`))
  }

  /** As `Reader.startSkipping`. */
  startSkipping(): (() => void) | null {
    return startSkipping(this.stomp.context.hub, this.subscriptions)
  }

  direct(type: string, data: string | Uint8Array): boolean {
    return this.deliverTo(directDestination(this.stomp.profile), { type, data })
  }

  /** Gives something that is no message of a channel to whoever listens at a destination. False when nobody does. */
  deliverTo(destination: string, { type, data }: DirectMessage): boolean {
    const tail = directTail(`direct.${++this.directs}`, { type, data })
    const listening = [...this.subscriptions].filter((one) => one.destination === destination)
    for (const subscription of listening) subscription.deliver(tail)
    return listening.length > 0
  }

  /** What the application opened with the connection itself no rule closes. */
  endForbidden(whyForbidden: WhyForbidden): void {
    for (const { channel, isOwn } of this.subscriptions) {
      const loss = isOwn ? null : whyForbidden("listen", channel)
      if (loss !== null) return this.owner.end(new LabaError("forbidden", loss))
    }
  }

  left(): void {
    for (const subscription of [...this.subscriptions]) this.remove(subscription)
  }

  private get connectionId(): string {
    return this.stomp.context.connections.idOf(this.connection.number)
  }

  private make(
    command: SubscribeCommand,
    place: Pick<SubscriptionOptions, "channel" | "isOwn" | "receipt">,
  ): StompSubscription {
    const { version, connection } = this
    const { context, variants } = this.stomp
    if (command.ack === "auto") {
      const variant = connection.sharesFrames ? variants.take(place.channel, { ...command, version }) : null
      return new StompSubscription({ ...place, owner: this, command, variant })
    }
    const { unacknowledgedMax } = context.limits
    return new AcknowledgedSubscription({
      ...place,
      owner: this,
      command,
      variant: null,
      serial: this.subscriptions.nextSerial(),
      isCumulative: command.ack === "client",
      // 0 is no wish: RabbitMQ takes it for no bound, and there is always one here.
      windowMax: Math.min(command.prefetch || unacknowledgedMax, unacknowledgedMax),
      budget: this.unacknowledged,
      pause: (subscription, after) => {
        context.counters.acknowledgementPauses++
        context.hub.pause(subscription, after)
      },
    })
  }

  private remove(subscription: StompSubscription): void {
    if (!this.subscriptions.delete(subscription)) return
    const { context, variants } = this.stomp
    const { channel, variant } = subscription
    context.hub.leave(subscription)
    subscription.cancel()
    this.presence.leave(channel)
    if (variant) variants.giveBack(channel, variant)
  }
}
