// The conversation of laba.v1: what a client listens to and what it is told. What it says is carried out in execute-command.ts;
// whether frames travel by WebSocket, stream or poll, its connection knows.
import type { Code } from "../../../wire/codes.ts"
import { type Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import type { Channel } from "../../channels/channel.ts"
import { BadFrame, decodeFrame } from "../../protocols/laba/commands.ts"
import { directFrame, type ErrorPlace, errorFrame, printFrame } from "../../protocols/laba/frames.ts"
import type { WhyForbidden } from "../connections/connection.ts"
import type { TransportContext } from "../transport-context.ts"
import { startSkipping } from "../start-skipping.ts"
import type { Conversation } from "../conversation/conversation.ts"
import { countSubscribe } from "../conversation/subscribing.ts"
import { executeCommand } from "./execute-command.ts"
import type { LabaConnection } from "./laba-connection.ts"
import { PresenceWatch } from "./presence-watch.ts"
import { Subscription } from "./subscription.ts"
import { Subscriptions } from "./subscriptions.ts"
import { typeOfData } from "../../../wire/content-type.ts"

/** What the conversation begins with. */
export interface ConversationStart {
  /** The channel of the URL, and where to resume it. */
  readonly channel?: Channel | null
  readonly after?: Position | null
  /** Attached by the application. */
  readonly attached: readonly Channel[]
  /** Sent to this connection alone, after `hello`. */
  readonly reply: string | Uint8Array | undefined
}

export class LabaConversation implements Conversation {
  readonly connection: LabaConnection
  readonly context: TransportContext
  readonly subscriptions = new Subscriptions()
  /** The channels that the application attached: the client's rights are nothing to them. */
  private attached: Set<Channel> | null = null
  private nextSubscribeMs = 0
  private nextRefusalMs = 0
  presence: PresenceWatch | null = null
  private start: ConversationStart | null

  constructor(context: TransportContext, connection: LabaConnection, start: ConversationStart) {
    this.context = context
    this.connection = connection
    this.start = start
  }

  get protocol(): "laba" {
    return "laba"
  }

  /** What it listens to. */
  get channels(): readonly Channel[] {
    return Array.from(this.subscriptions, ({ channel }) => channel)
  }

  /** Says hello, sends what the application replied, and listens. */
  opened(): void {
    if (!this.start) return
    const { channel, after, attached, reply } = this.start
    this.start = null
    const { limits, connections } = this.context
    this.connection.send(
      printFrame({
        op: "hello",
        connection: connections.idOf(this.connection.number),
        heartbeat: limits.heartbeatSeconds,
        limits: { messageBytes: limits.messageBytesMax, channels: limits.channelsPerConnectionMax },
      }),
    )
    if (reply !== undefined) this.direct(typeOfData(reply), reply)
    if (channel) this.subscribe(channel, after ?? null)
    for (const one of attached) this.attach(one)
  }

  receive(message: string | Uint8Array): Promise<void> | void {
    try {
      if (typeof message !== "string") throw new BadFrame("A frame is a text message.")
      return executeCommand(this, decodeFrame(message), message.length)
    } catch (error) {
      if (error instanceof BadFrame && error.ref !== undefined)
        this.refuse(error, { ref: error.ref }, message.length)
      else this.end(error instanceof LabaError ? error : new LabaError("internal", "The frame failed."))
    }
  }

  direct(type: string, data: string | Uint8Array): boolean {
    this.connection.send(directFrame(type, data))
    return true
  }

  /** Listens to a channel; one that is listened to already moves to the new position. Throws `too_many_channels`. */
  subscribe(channel: Channel, after: Position | null, ref?: JsonText): void {
    const { channelsPerConnectionMax } = this.context.limits
    if (!this.subscriptions.get(channel) && this.subscriptions.size >= channelsPerConnectionMax) {
      throw new LabaError(
        "too_many_channels",
        `One connection listens to at most ${channelsPerConnectionMax} channels.`,
        { limit: "channelsPerConnectionMax" },
      )
    }
    this.listen(channel, after, ref)
  }

  /** Listens to a channel for the application, whatever the client may and however many it has. */
  attach(channel: Channel): void {
    this.attached ??= new Set()
    this.attached.add(channel)
    // One that the client resumes by its URL goes on from there.
    if (!this.subscriptions.get(channel)) this.listen(channel, null)
  }

  /** The token runs out. */
  expiring(seconds: number): void {
    this.connection.send(printFrame({ op: "expiring", seconds }))
  }

  /** Throws `too_many_requests`. */
  countSubscribe(): void {
    this.nextSubscribeMs = countSubscribe(this.nextSubscribeMs, this.context.limits)
  }

  /** Ends one subscription and tells the client why; one that is over already ends no more. */
  endSubscription(subscription: Subscription, code: Code): void {
    if (!this.remove(subscription)) return
    const error = new LabaError(code, `${subscription.channel} is listened to no longer.`)
    this.tell(error, { channel: subscription.channel })
  }

  /** Ends what the client may do no longer. What the application attached, no right of the client has opened. */
  endForbidden(whyForbidden: WhyForbidden): void {
    for (const subscription of [...this.subscriptions]) {
      const { channel } = subscription
      if (this.attached?.has(channel)) continue
      if (whyForbidden("listen", channel) !== null) this.endSubscription(subscription, "forbidden")
    }
    this.presence?.keepOnly((channel) => whyForbidden("presence", channel) === null)
  }

  /** Ends the connection, with the code in a last frame. */
  end(error: LabaError): void {
    this.context.counters.countErrorFrame(error.code)
    this.connection.endWith(errorFrame(error, {}), error.code)
  }

  /** Says an error in a frame, counted by its code. */
  tell(error: LabaError, where: ErrorPlace = {}): void {
    this.context.counters.countErrorFrame(error.code)
    this.connection.send(errorFrame(error, where))
  }

  /** Says no to what a client sent, and goes on; who is refused in a loop is disconnected instead. */
  refuse(error: LabaError, where: ErrorPlace, chars: number): void {
    if (!this.countRefusal(chars)) this.tell(error, where)
  }

  /** Counts something of the client's that was refused. True when it was once too often, and the connection has ended by it. */
  countRefusal(chars: number): boolean {
    const { admission } = this.context
    try {
      const { addressGroup } = this.connection.client
      this.nextRefusalMs = admission.refuse({
        dueAtMs: this.nextRefusalMs,
        addressGroup,
        chars,
      })
      return false
    } catch (error) {
      this.end(error as LabaError)
      return true
    }
  }

  /** The connection is slow: every channel says whether that ends it. As `Reader.setAside`. */
  startSkipping(): (() => void) | null {
    return startSkipping(this.context.hub, this.subscriptions)
  }

  endAsSlow(): void {
    this.end(new LabaError("slow", "The frames for this connection were not read in time."))
  }

  /** The connection is gone. */
  left(): void {
    for (const subscription of [...this.subscriptions]) this.remove(subscription)
    this.presence?.keepOnly(() => false)
  }

  private listen(channel: Channel, after: Position | null, ref?: JsonText): void {
    const known = this.subscriptions.get(channel)
    if (known) this.remove(known)
    const subscription = new Subscription(this, channel, ref)
    this.subscriptions.add(subscription)
    subscription.joinPresence(this.context.presence)
    this.context.hub.join(subscription, channel, after)
  }

  /** False when it was not subscribed, or no longer. */
  remove(subscription: Subscription): boolean {
    if (!this.subscriptions.delete(subscription)) return false
    this.context.hub.leave(subscription)
    subscription.leavePresence()
    subscription.cancel()
    return true
  }
}
