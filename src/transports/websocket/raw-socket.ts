// A WebSocket without a subprotocol: the payload is the frame, in both directions. Socket and listener are one object,
// since it listens to one channel and there may be a million of them; attached channels get a listener each.
import { codes, type Code } from "../../../wire/codes.ts"
import type { Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Payload } from "../../hub/drafts.ts"
import type { Entry } from "../../protocols/protocol.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import type { Shared } from "../shared.ts"
import { leaveSeats, seatsOf } from "../seats.ts"
import type { GroupKind, Listener, Membership } from "../transport.ts"
import { setAside } from "../slow-listeners.ts"
import { type Incoming, Socket } from "./socket.ts"

interface RawSocketOptions {
  readonly shared: Shared
  readonly kind: GroupKind
  readonly channel: Channel
  readonly after: Position | null
  readonly attached: readonly Channel[]
  readonly reply: string | Uint8Array | undefined
}

export class RawSocket extends Socket implements Listener {
  readonly kind: GroupKind
  membership: Membership | null = null
  place = -1
  private readonly channel: Channel
  /** What is needed once, at the start. */
  private beginning: RawSocketOptions | null
  private attached: AttachedChannel[] | null = null
  private seats: PresenceHandle[] | null = null

  constructor(options: RawSocketOptions) {
    super(options.shared)
    this.kind = options.kind
    this.channel = options.channel
    this.beginning = options
  }

  get socket(): Socket {
    return this
  }

  get outbox(): Socket {
    return this
  }

  get protocol(): "raw" {
    return "raw"
  }

  get channels(): readonly Channel[] {
    return [this.channel, ...(this.attached ?? []).map(({ channel }) => channel)]
  }

  start(): void {
    // On purpose nothing: raw has no envelope for a cursor.
  }

  write(entries: readonly Entry[]): void {
    this.ws.cork(() => {
      for (const entry of entries) this.send(entry.as(rawProtocol))
    })
  }

  reset(_position: Position, reason: ResetReason): void {
    // Who skips chose to lose messages by the channel's rule, and raw has no frame to say it in.
    if (reason !== "skipped") this.closeWith("reset")
  }

  end(code: Code): void {
    this.closeWith(code)
  }

  setAside(): (() => void) | null {
    return setAside(this.shared.hub, [this, ...(this.attached ?? [])])
  }

  direct(_type: string, data: string | Uint8Array): boolean {
    this.send(data)
    return true
  }

  protected opened(): void {
    const { after, attached, reply } = this.beginning as RawSocketOptions
    this.beginning = null
    if (reply !== undefined) this.send(reply)
    // The socket is in each topic once, so it is one listener of each channel.
    const further = attached.filter((channel) => channel !== this.channel)
    if (further.length > 0) this.attached = further.map((channel) => new AttachedChannel(this, channel))
    // Before joining: that may end the connection at once, and then it must have a seat to leave.
    this.seats = seatsOf(this.channels, this.user, this.shared.presence)
    this.shared.hub.join(this, this.channel, after)
    for (const listener of this.attached ?? []) this.shared.hub.join(listener, listener.channel, null)
  }

  protected left(): void {
    this.shared.hub.leave(this)
    for (const listener of this.attached ?? []) this.shared.hub.leave(listener)
    leaveSeats(this.seats)
  }

  protected receive(message: Incoming): Promise<void> | void {
    try {
      const published = this.shared.publishFor(this, {
        channel: this.channel,
        payload: () => payloadOf(message),
      })
      if (published instanceof Promise) return published.then(nothing, (error) => this.refuse(error))
    } catch (error) {
      this.refuse(error)
    }
  }

  /** Raw has no frame for an error: the connection ends with it, so that nothing is lost in silence. */
  private refuse(error: unknown): void {
    const code: Code = error instanceof LabaError ? error.code : "internal"
    this.shared.counters.countRefusedPublish(code)
    if (code === "internal") this.shared.failed(this, error)
    this.closeWith("close" in codes[code] ? code : "bad_request")
  }
}

const nothing = (): void => undefined

const payloadOf = (message: Incoming): Payload =>
  typeof message === "string"
    ? { type: "text/plain", data: message, bytes: Buffer.byteLength(message) }
    : { type: "application/octet-stream", data: message, bytes: message.length }

/** A further channel on a raw socket, attached by `onConnect`: the same socket, a seat of its own. */
class AttachedChannel implements Listener {
  readonly socket: RawSocket
  readonly channel: Channel
  membership: Membership | null = null
  place = -1

  constructor(socket: RawSocket, channel: Channel) {
    this.socket = socket
    this.channel = channel
  }

  get kind(): GroupKind {
    return this.socket.kind
  }

  get outbox(): Socket {
    return this.socket
  }

  get closed(): boolean {
    return this.socket.closed
  }

  start(): void {
    this.socket.start()
  }

  write(entries: readonly Entry[]): void {
    this.socket.write(entries)
  }

  ready(): Promise<void> | null {
    return this.socket.ready()
  }

  reset(position: Position, reason: ResetReason): void {
    this.socket.reset(position, reason)
  }

  end(code: Code): void {
    this.socket.end(code)
  }
}
