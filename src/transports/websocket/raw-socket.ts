// A WebSocket without a subprotocol: the payload is the frame, in both directions. Socket and listener are one object,
// since it listens to one channel and there may be a million of them; attached channels get a listener each.
import { codes, type Code } from "../../../wire/codes.ts"
import type { Position } from "../../../wire/cursor.ts"
import { LabaError } from "../../../wire/error.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Payload } from "../../engines/engine.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import type { TransportContext } from "../transport-context.ts"
import { leavePresence, joinPresence } from "../presence-handles.ts"
import type { GroupKind, Listener, ListenerState } from "../transport.ts"
import { startSkipping } from "../start-skipping.ts"
import { type Incoming, Socket } from "./socket.ts"

interface RawSocketOptions {
  readonly context: TransportContext
  readonly kind: GroupKind
  readonly channel: Channel
  readonly after: Position | null
  readonly attached: readonly Channel[]
  readonly reply: string | Uint8Array | undefined
}

export class RawSocket extends Socket implements Listener {
  readonly kind: GroupKind
  hubState: ListenerState | null = null
  groupIndex = -1
  private readonly channel: Channel
  /** What is needed once, at the start. */
  private openOptions: RawSocketOptions | null
  private attached: AttachedChannel[] | null = null
  private presenceHandles: PresenceHandle[] | null = null

  constructor(options: RawSocketOptions) {
    super(options.context)
    this.kind = options.kind
    this.channel = options.channel
    this.openOptions = options
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

  write(messages: readonly PreparedMessage[]): void {
    this.ws.cork(() => {
      for (const prepared of messages) this.send(prepared.frameFor(rawProtocol))
    })
  }

  reset(_position: Position, reason: ResetReason): void {
    // Who skips chose to lose messages by the channel's rule, and raw has no frame to say it in.
    if (reason !== "skipped") this.closeWith("reset")
  }

  end(code: Code): void {
    this.closeWith(code)
  }

  startSkipping(): (() => void) | null {
    return startSkipping(this.context.hub, [this, ...(this.attached ?? [])])
  }

  direct(_type: string, data: string | Uint8Array): boolean {
    this.send(data)
    return true
  }

  protected opened(): void {
    const { after, attached, reply } = this.openOptions as RawSocketOptions
    this.openOptions = null
    if (reply !== undefined) this.send(reply)
    // The socket is in each topic once, so it is one listener of each channel.
    const further = attached.filter((channel) => channel !== this.channel)
    if (further.length > 0) this.attached = further.map((channel) => new AttachedChannel(this, channel))
    // Before joining: that may end the connection at once, and then there must be a presence to leave.
    this.presenceHandles = joinPresence(this.channels, this.user, this.context.presence)
    this.context.hub.join(this, this.channel, after)
    for (const listener of this.attached ?? []) this.context.hub.join(listener, listener.channel, null)
  }

  protected left(): void {
    this.context.hub.leave(this)
    for (const listener of this.attached ?? []) this.context.hub.leave(listener)
    leavePresence(this.presenceHandles)
  }

  protected receive(message: Incoming): Promise<void> | void {
    try {
      const published = this.context.publishFor(this, {
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
    this.context.counters.countRefusedPublish(code)
    if (code === "internal") this.context.reportFailure(this, error)
    this.closeWith("close" in codes[code] ? code : "bad_request")
  }
}

const nothing = (): void => undefined

const payloadOf = (message: Incoming): Payload =>
  typeof message === "string"
    ? { type: "text/plain", data: message, bytes: Buffer.byteLength(message) }
    : { type: "application/octet-stream", data: message, bytes: message.length }

/** A further channel on a raw socket, attached by `onConnect`: the same socket, a membership of its own. */
class AttachedChannel implements Listener {
  readonly socket: RawSocket
  readonly channel: Channel
  hubState: ListenerState | null = null
  groupIndex = -1

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

  write(messages: readonly PreparedMessage[]): void {
    this.socket.write(messages)
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
