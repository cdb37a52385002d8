// One client that speaks laba.v1: its commands and its subscriptions. Whether its frames travel by WebSocket, stream or
// poll is its outlet's affair.
import type { Code } from "../../../wire/codes.ts"
import { parseCursor, type Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { JsonText } from "../../../wire/json-scan.ts"
import type { Channel } from "../../channels/channel.ts"
import { nextDue } from "../../access/limits/rate-limiter.ts"
import type { Command, PublishCommand } from "../../protocols/laba/commands.ts"
import { readJsonPayload } from "../../protocols/json-payload.ts"
import { checkIdempotencyKey, type ErrorPlace, errorFrame, printFrame } from "../../protocols/laba/frames.ts"
import { printCursor } from "../../../wire/cursor.ts"
import type { WhyForbidden } from "../connections/connections.ts"
import { renewClient } from "../connections/client.ts"
import type { TransportContext } from "../transport-context.ts"
import { startSkipping } from "../start-skipping.ts"
import type { LabaConnection } from "./laba-connection.ts"
import { PresenceWatch } from "./presence-watch.ts"
import { Subscription } from "./subscription.ts"
import { Subscriptions } from "./subscriptions.ts"

export class Conversation {
  readonly connection: LabaConnection
  private readonly context: TransportContext
  private readonly subscriptions = new Subscriptions()
  /** The channels that the application attached: what the client may is nothing to them. */
  private attached: Set<Channel> | null = null
  private nextSubscribeMs = 0
  private nextRefusalMs = 0
  private presence: PresenceWatch | null = null

  constructor(context: TransportContext, connection: LabaConnection) {
    this.context = context
    this.connection = connection
  }

  /** What it listens to. */
  get channels(): readonly Channel[] {
    return Array.from(this.subscriptions, ({ channel }) => channel)
  }

  hello(): void {
    const { limits, connections } = this.context
    this.connection.send(
      printFrame({
        op: "hello",
        connection: connections.idOf(this.connection.number),
        heartbeat: limits.heartbeatSeconds,
        limits: { messageBytes: limits.messageBytesMax, channels: limits.channelsPerConnectionMax },
      }),
    )
  }

  /** Carries out one command, of a frame of so many characters. What is wrong with it is answered, never thrown. */
  handle(frame: Command, chars = 0): Promise<void> | void {
    try {
      const work = this.carryOut(frame)
      if (work) return work.catch((error: unknown) => this.answerError(error, frame, chars))
    } catch (error) {
      this.answerError(error, frame, chars)
    }
  }

  /** Listens to a channel; one that is listened to already moves to the new place. Throws `too_many_channels`. */
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

  /** Says no to what a client sent, and goes on; who is refused in a loop is sent away instead. */
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

  private carryOut(frame: Command): Promise<void> | void {
    switch (frame.op) {
      case "subscribe": {
        const channel = this.channelOf(frame.channel)
        const after = readCursor(frame.after, channel)
        this.pace()
        this.permitSubscribe(channel, after)
        const asked = this.context.askToSubscribe(this.connection, channel)
        if (!asked) return this.subscribeInTurn(channel, after, frame.ref)
        return asked.then(() => {
          this.permitSubscribe(channel, after)
          return this.subscribeInTurn(channel, after, frame.ref)
        })
      }
      case "unsubscribe": {
        const channel = this.channelOf(frame.channel)
        const known = this.subscriptions.get(channel)
        if (known) this.remove(known)
        return this.connection.send(printFrame({ op: "unsubscribed", channel }, frame.ref))
      }
      case "publish":
        return this.publish(frame)
      case "presence":
        return this.answerPresence(frame)
      case "token":
        return this.renew(frame)
      case "ping":
        return this.connection.send(printFrame({ op: "pong" }, frame.ref))
      default:
        return frame satisfies never
    }
  }

  /** Subscribes once the channel is open on this node, so that what was asked next is answered after it. */
  private subscribeInTurn(channel: Channel, after: Position | null, ref?: JsonText): Promise<void> | void {
    const subscribe = (release: () => void, isLater: boolean): void => {
      try {
        if (this.connection.closed) return
        // What the client may can have changed while it waited.
        if (isLater) this.permitSubscribe(channel, after)
        this.subscribe(channel, after, ref)
      } finally {
        release()
      }
    }
    const prepared = this.context.hub.prepare(channel)
    if (!(prepared instanceof Promise)) return subscribe(prepared, false)
    return prepared.then((release) => subscribe(release, true))
  }

  private listen(channel: Channel, after: Position | null, ref?: JsonText): void {
    const known = this.subscriptions.get(channel)
    if (known) this.remove(known)
    const subscription = new Subscription(this, channel, ref)
    this.subscriptions.add(subscription)
    subscription.enter(this.context.presence)
    this.context.hub.join(subscription, channel, after)
  }

  private channelOf(name: string): Channel {
    return this.context.access.channelOf(this.connection.client.identity, name, "body")
  }

  private answerPresence({ channel: name, ref, watch }: Command & { op: "presence" }): Promise<void> {
    const channel = this.channelOf(name)
    this.pace()
    const permit = (): void => this.context.access.may(this.connection.client.identity, "presence", channel)
    permit()
    const presence = (this.presence ??= new PresenceWatch(this.connection, this.context))
    const answer = (): Promise<void> => presence.answer({ channel, ref, watch, permit })
    // Who is there is news of a channel. Whoever listens to it was let in already, and who looks away needs no leave.
    const isKnown = watch === false || this.subscriptions.get(channel) !== undefined
    const asked = isKnown ? undefined : this.context.askToSubscribe(this.connection, channel)
    return asked ? asked.then(answer) : answer()
  }

  private permitSubscribe(channel: Channel, after: Position | null): void {
    const { access } = this.context
    const { identity } = this.connection.client
    access.may(identity, "listen", channel)
    if (after) access.may(identity, "history", channel)
  }

  /** What costs the server a look into other places is not done in a loop. Throws `too_many_requests`. */
  private pace(): void {
    const { limits } = this.context
    const next = nextDue(this.nextSubscribeMs, performance.now(), limits.subscribesPerConnectionPerSecond)
    if (next === null)
      throw new LabaError("too_many_requests", "Too many subscribes in a second on this connection.", {
        retryAfterSeconds: Math.max(1, Math.ceil((this.nextSubscribeMs - performance.now()) / 1000)),
        limit: "subscribesPerConnectionPerSecond",
      })
    this.nextSubscribeMs = next
  }

  /** Takes a new token in the old one's place. What it no longer lets the client hear, the client hears no longer. */
  private async renew({ token, ref }: Command & { op: "token" }): Promise<void> {
    const { access, admission, connections } = this.context
    const identity = await access.verify(token)
    const { connection } = this
    if (connection.user !== undefined && identity.user !== connection.user)
      throw new LabaError("forbidden", "A connection stays its user's; open another one for another user.")
    if (connection.closed) return
    if (connection.user === undefined && identity.user !== undefined) {
      admission.checkUser(identity.user)
      connections.nameUser(connection, identity.user)
      for (const subscription of this.subscriptions) subscription.enter(this.context.presence)
    }
    renewClient(connection, identity, this.context)
    const expires = Math.max(0, Math.floor((identity.expiresAtMs - Date.now()) / 1000))
    connection.send(printFrame({ op: "token", expires }, ref))
    this.endForbidden((action, channel) => {
      const { allowed, detail } = access.decide(identity, action, channel)
      return allowed ? null : detail
    })
  }

  private async publish(frame: PublishCommand): Promise<void> {
    const { ref } = frame
    const channel = this.channelOf(frame.channel)
    const published = await this.context.publishFor(this.connection, {
      channel,
      key: frame.key === undefined ? undefined : checkIdempotencyKey(frame.key),
      payload: () => readJsonPayload(frame, "bad_frame"),
    })
    if (!published) return this.connection.send(printFrame({ op: "accepted", channel }, ref))
    const { position, id, duplicate, listeners, history } = published
    const cursor = printCursor(channel, position)
    this.connection.send(
      printFrame({ op: "published", channel, cursor, id, duplicate, listeners, history }, ref),
    )
  }

  /** Without a `ref` a failed `subscribe` is told by its channel; anything else would be lost in silence, so it ends the connection. */
  private answerError(error: unknown, frame: Command, chars: number): void {
    const known =
      error instanceof LabaError ? error : new LabaError("internal", "The command failed.", { cause: error })
    if (frame.op === "publish") this.context.counters.countRefusedPublish(known.code)
    if (known.code === "internal") this.context.reportFailure(this.connection, error)
    if (frame.ref !== undefined) this.refuse(known, { ref: frame.ref }, chars)
    else if (frame.op === "subscribe") this.refuse(known, { channel: frame.channel }, chars)
    else this.end(known)
  }

  /** False when it was not subscribed, or no longer. */
  private remove(subscription: Subscription): boolean {
    if (!this.subscriptions.delete(subscription)) return false
    this.context.hub.leave(subscription)
    subscription.leave()
    subscription.cancel()
    return true
  }
}

/** A cursor of a channel, from a frame or a query. Null means from now on. Throws `bad_cursor`. */
export function readCursor(after: string | null | undefined, channel: string): Position | null {
  if (after === null || after === undefined) return null
  const position = parseCursor(after, channel)
  if (position) return position
  throw new LabaError(
    "bad_cursor",
    "A cursor is handed back as it was received; this one never came from here.",
  )
}
