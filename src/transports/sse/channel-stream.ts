// A stream of one channel: stream and listener in one object, since most streams are of this kind.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import { eventProtocol, namedBlock, retryLine } from "../../protocols/server-sent-events.ts"
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import { ListGroup } from "../list-group.ts"
import { leavePresence, joinPresence } from "../presence-handles.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../transport.ts"
import { EventStream, type EventStreamOptions } from "./event-stream.ts"
import { typeOfData } from "../../../wire/content-type.ts"

/** What a browser waits before it comes back after a cut. */
export const reconnectMs = 2000

const encoder = new TextEncoder()

const joined = (messages: readonly PreparedMessage[]): Uint8Array => {
  let text = ""
  for (const prepared of messages) text += prepared.frameFor(eventProtocol) as string
  return encoder.encode(text)
}

class ChannelStreamGroup extends ListGroup<ChannelStream> {
  write(messages: readonly PreparedMessage[]): void {
    const chunk = joined(messages)
    for (const stream of this.snapshot()) stream.push(chunk)
  }
}

const kind: GroupKind = {
  name: "sse",
  writeMicros: 9,
  messageMicros: 0.3,
  joins: false,
  make: () => new ChannelStreamGroup() as ListGroup<Listener>,
}

interface ChannelStreamOptions extends EventStreamOptions {
  readonly channel: Channel
  readonly after: Position | null
  readonly reply: string | Uint8Array | undefined
}

export class ChannelStream extends EventStream implements Listener {
  hubState: ListenerState | null = null
  groupIndex = -1
  private readonly channel: Channel
  private openOptions: ChannelStreamOptions | null
  private presenceHandles: PresenceHandle[] | null = null

  constructor(options: ChannelStreamOptions) {
    super(options)
    this.channel = options.channel
    this.openOptions = options
  }

  get kind(): GroupKind {
    return kind
  }

  get channels(): readonly Channel[] {
    return [this.channel]
  }

  get outbox(): this {
    return this
  }

  start({ position, recovered, history }: Start): void {
    const cursor = printCursor(this.channel, position)
    this.pushText(retryLine(reconnectMs) + namedBlock("position", { cursor, recovered, history }, cursor))
  }

  write(messages: readonly PreparedMessage[]): void {
    this.push(joined(messages))
  }

  reset(position: Position, reason: ResetReason): void {
    const cursor = printCursor(this.channel, position)
    this.pushText(namedBlock("reset", { channel: this.channel, cursor, reason }, cursor))
  }

  end(code: Code): void {
    this.closeWith(code)
  }

  startSkipping(): (() => void) | null {
    return this.context.hub.startSkipping(this)
  }

  protected opened(): void {
    const { after, reply } = this.openOptions as ChannelStreamOptions
    this.openOptions = null
    if (reply !== undefined) this.direct(typeOfData(reply), reply)
    this.presenceHandles = joinPresence(this.channels, this.user, this.context.presence)
    this.context.hub.join(this, this.channel, after)
  }

  protected left(): void {
    this.context.hub.leave(this)
    leavePresence(this.presenceHandles)
  }
}
