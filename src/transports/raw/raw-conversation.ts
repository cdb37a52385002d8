// Raw messages over any connection that can be written to: the payload is the frame, in both directions. A WebSocket at a channel's own URL
// needs no conversation for it (../websocket/raw-socket.ts).
import { codes, type Code } from "../../../wire/codes.ts"
import { LabaError } from "../../../wire/error.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import { rawProtocol } from "../../protocols/raw.ts"
import type { WhyForbidden } from "../connections/connection.ts"
import type { Conversation } from "../conversation/conversation.ts"
import type { WritableConnection } from "../conversation/writable-connection.ts"
import { joinPresence, leavePresence } from "../presence-handles.ts"
import { startSkipping } from "../start-skipping.ts"
import type { TransportContext } from "../transport-context.ts"
import type { GroupKind, Listener, ListenerState } from "../transport.ts"

interface RawConversationOptions {
  readonly context: TransportContext
  readonly connection: WritableConnection
  /** What it listens to, and where it publishes. */
  readonly channel: Channel
  /** Attached by the application. */
  readonly attached: readonly Channel[]
  /** Sent to this connection alone, first. */
  readonly reply: string | Uint8Array | undefined
}

export class RawConversation implements Conversation {
  readonly protocol = "raw"
  readonly channels: readonly Channel[]
  readonly connection: WritableConnection
  private readonly options: RawConversationOptions
  private readonly listeners: readonly RawListener[]
  private presenceHandles: PresenceHandle[] | null = null

  constructor(options: RawConversationOptions) {
    this.options = options
    this.connection = options.connection
    this.channels = [...new Set([options.channel, ...options.attached])]
    this.listeners = this.channels.map(() => new RawListener(this))
  }

  opened(): void {
    const { context, reply } = this.options
    if (reply !== undefined) this.connection.send(reply)
    this.presenceHandles = joinPresence(this.channels, this.connection.user, context.presence)
    for (const [index, listener] of this.listeners.entries())
      context.hub.join(listener, this.channels[index] as Channel, null)
  }

  receive(message: string | Uint8Array): Promise<void> | void {
    const { context, channel } = this.options
    try {
      const published = context.publishFor(this.connection, {
        channel,
        payload: () =>
          typeof message === "string"
            ? { type: "text/plain", data: message, bytes: Buffer.byteLength(message) }
            : { type: "application/octet-stream", data: message, bytes: message.length },
      })
      if (published instanceof Promise)
        return published.then(
          () => undefined,
          (error: unknown) => this.refuse(error),
        )
    } catch (error) {
      this.refuse(error)
    }
  }

  left(): void {
    for (const listener of this.listeners) this.options.context.hub.leave(listener)
    leavePresence(this.presenceHandles)
  }

  startSkipping(): (() => void) | null {
    return startSkipping(this.options.context.hub, this.listeners)
  }

  endAsSlow(): void {
    this.connection.endWith(null, "slow")
  }

  end({ code }: LabaError): void {
    this.connection.endWith(null, "close" in codes[code] ? code : "bad_request")
  }

  tell(): void {
    // On purpose nothing: raw has no frame for an error.
  }

  direct(_type: string, data: string | Uint8Array): boolean {
    this.connection.send(data)
    return true
  }

  endForbidden(whyForbidden: WhyForbidden): void {
    const loss = whyForbidden("listen", this.options.channel)
    if (loss !== null) this.end(new LabaError("forbidden", loss))
  }

  /** Ends the connection, so that nothing is lost in silence. */
  private refuse(error: unknown): void {
    const { context } = this.options
    const known = error instanceof LabaError ? error : new LabaError("internal", "The message failed.")
    context.counters.countRefusedPublish(known.code)
    if (known.code === "internal") context.reportFailure(this.connection, error)
    this.end(known)
  }
}

class RawListener implements Listener {
  readonly kind: GroupKind
  hubState: ListenerState | null = null
  groupIndex = -1
  private readonly conversation: RawConversation

  constructor(conversation: RawConversation) {
    this.conversation = conversation
    this.kind = conversation.connection.kindOf(rawProtocol)
  }

  get outbox(): object {
    return this.conversation.connection
  }

  get closed(): boolean {
    return this.conversation.connection.closed
  }

  start(): void {
    // On purpose nothing: raw has no envelope for a cursor.
  }

  write(messages: readonly PreparedMessage[]): void {
    this.conversation.connection.sendAll(messages.map((prepared) => prepared.frameFor(rawProtocol)))
  }

  ready(): Promise<void> | null {
    return this.conversation.connection.ready()
  }

  reset(_position: Position, reason: ResetReason): void {
    // Who skips chose to lose messages by the channel's rule.
    if (reason !== "skipped") this.end("reset")
  }

  end(code: Code): void {
    this.conversation.end(new LabaError(code, "This channel is listened to no longer."))
  }
}
