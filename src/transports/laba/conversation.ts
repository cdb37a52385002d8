// One client that speaks laba.v1: its commands and its subscriptions. Whether its frames travel by WebSocket, stream or
// poll is its outlet's affair.
import type { Code } from "../../../wire/codes.ts"
import { parseCursor, type Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ClientFrame, Ref } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import { parseChannel } from "../../channels/name.ts"
import { checkKey, errorFrame, payloadOf, printFrame } from "../../protocols/laba.ts"
import { printCursor } from "../../../wire/cursor.ts"
import type { Shared } from "../shared.ts"
import { type Outlet, refField } from "./outlet.ts"
import { Subscription } from "./subscription.ts"

export class Conversation {
  readonly outlet: Outlet
  private readonly shared: Shared
  // A list, not a map: most clients have one or two, and a map costs more than both.
  private subscriptions: Subscription[] = []

  constructor(shared: Shared, outlet: Outlet) {
    this.shared = shared
    this.outlet = outlet
  }

  /** What it listens to. */
  get channels(): readonly Channel[] {
    return this.subscriptions.map(({ channel }) => channel)
  }

  hello(): void {
    const { limits, connections } = this.shared
    this.outlet.send(
      printFrame({
        op: "hello",
        connection: connections.idOf(this.outlet.number),
        heartbeat: limits.heartbeatSeconds,
        limits: { messageBytes: limits.messageBytesMax, channels: limits.channelsPerConnectionMax },
      }),
    )
  }

  /** Carries out one command. What is wrong with it is answered, never thrown. */
  handle(frame: ClientFrame): Promise<void> | void {
    try {
      const work = this.carryOut(frame)
      if (work) return work.catch((error: unknown) => this.answerError(error, frame))
    } catch (error) {
      this.answerError(error, frame)
    }
  }

  /** Listens to a channel; one that is listened to already moves to the new place. Throws `too_many_channels`. */
  subscribe(channel: Channel, after: Position | null, ref?: Ref): void {
    const { channelsPerConnectionMax } = this.shared.limits
    const known = this.find(channel)
    if (known) this.remove(known)
    else if (this.subscriptions.length >= channelsPerConnectionMax) {
      throw new LabaError(
        "too_many_channels",
        `One connection listens to at most ${channelsPerConnectionMax} channels.`,
      )
    }
    const subscription = new Subscription(this, channel, ref)
    this.subscriptions.push(subscription)
    this.shared.hub.join(subscription, channel, after)
  }

  /** Ends one subscription and tells the client why. */
  endSubscription(subscription: Subscription, code: Code): void {
    this.remove(subscription)
    const error = new LabaError(code, `${subscription.channel} is listened to no longer.`)
    this.outlet.send(errorFrame(error, { channel: subscription.channel }))
  }

  /** Ends the connection, with the code in a last frame. */
  end(error: LabaError): void {
    this.outlet.send(errorFrame(error))
    this.outlet.closeWith(error.code)
  }

  /** The connection is slow: every channel says whether that ends it. */
  slow(): void {
    const resumes = this.subscriptions.map((subscription) => this.shared.hub.slow(subscription))
    if (resumes.length === 0 || resumes.includes(null)) {
      return this.end(new LabaError("slow", "The frames for this connection were not read in time."))
    }
    void this.outlet.drained().then(() => {
      for (const resume of resumes) resume?.()
    })
  }

  /** The connection is gone. */
  left(): void {
    for (const subscription of this.subscriptions) this.shared.hub.leave(subscription)
    this.subscriptions = []
  }

  private carryOut(frame: ClientFrame): Promise<void> | void {
    switch (frame.op) {
      case "subscribe": {
        const channel = parseChannel(frame.channel, "body")
        return this.subscribe(channel, positionOf(frame.after), frame.ref)
      }
      case "unsubscribe": {
        const channel = parseChannel(frame.channel, "body")
        const known = this.find(channel)
        if (known) this.remove(known)
        return this.outlet.send(printFrame({ op: "unsubscribed", ...refField(frame.ref), channel }))
      }
      case "publish":
        return this.publish(frame)
      case "presence":
        throw new LabaError("not_found", "This server keeps no presence.")
      case "token":
        throw new LabaError("unauthorized", "This server is not configured to check tokens.")
      case "ping":
        return this.outlet.send(printFrame({ op: "pong", ...refField(frame.ref) }))
      default:
        return frame satisfies never
    }
  }

  private async publish(frame: ClientFrame & { op: "publish" }): Promise<void> {
    const channel = parseChannel(frame.channel, "body")
    const payload = payloadOf(frame)
    const { messageBytesMax } = this.shared.limits
    if (payload.bytes > messageBytesMax) {
      throw new LabaError(
        "too_large",
        `A message has at most ${messageBytesMax} bytes; this one has ${payload.bytes}.`,
      )
    }
    const key = frame.key === undefined ? undefined : checkKey(frame.key)
    const published = await this.shared.publishFor(this.outlet, { channel, payload, key })
    if (!published) return this.outlet.send(printFrame({ op: "accepted", ...refField(frame.ref), channel }))
    const { position, id, duplicate, listeners, history } = published
    const cursor = printCursor(position)
    this.outlet.send(
      printFrame({
        op: "published",
        ...refField(frame.ref),
        channel,
        cursor,
        id,
        duplicate,
        listeners,
        history,
      }),
    )
  }

  /** Without a `ref` a failed `subscribe` is told by its channel; anything else would be lost in silence, so it ends the connection. */
  private answerError(error: unknown, frame: ClientFrame): void {
    const known =
      error instanceof LabaError ? error : new LabaError("internal", "The command failed.", { cause: error })
    if (frame.ref !== undefined) this.outlet.send(errorFrame(known, { ref: frame.ref }))
    else if (frame.op === "subscribe") this.outlet.send(errorFrame(known, { channel: frame.channel }))
    else this.end(known)
  }

  private find(channel: Channel): Subscription | undefined {
    return this.subscriptions.find((subscription) => subscription.channel === channel)
  }

  private remove(subscription: Subscription): void {
    this.shared.hub.leave(subscription)
    subscription.cancel()
    this.subscriptions.splice(this.subscriptions.indexOf(subscription), 1)
  }
}

/** A cursor from a frame or a query. Null means from now on. Throws `bad_cursor`. */
export function positionOf(after: string | null | undefined): Position | null {
  if (after === null || after === undefined) return null
  const position = parseCursor(after)
  if (position) return position
  throw new LabaError(
    "bad_cursor",
    "A cursor is handed back as it was received; this one never came from here.",
  )
}
