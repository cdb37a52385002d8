// A stream of one channel: stream and listener in one object, since most streams are of this kind.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import { eventProtocol, namedBlock, retryLine } from "../../protocols/event-stream.ts"
import type { Entry } from "../../protocols/protocol.ts"
import { ListGroup } from "../list-group.ts"
import { leaveSeats, seatsOf } from "../seats.ts"
import type { GroupKind, Listener, Membership, Start } from "../transport.ts"
import { EventStream, type EventStreamOptions } from "./event-stream.ts"

/** What a browser waits before it comes back after a cut. */
export const reconnectMs = 2000

const encoder = new TextEncoder()

const joined = (entries: readonly Entry[]): Uint8Array => {
  let text = ""
  for (const entry of entries) text += entry.as(eventProtocol) as string
  return encoder.encode(text)
}

class ChannelStreamGroup extends ListGroup<ChannelStream> {
  write(entries: readonly Entry[]): void {
    const chunk = joined(entries)
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
  membership: Membership | null = null
  place = -1
  private readonly channel: Channel
  private beginning: ChannelStreamOptions | null
  private seats: PresenceHandle[] | null = null

  constructor(options: ChannelStreamOptions) {
    super(options)
    this.channel = options.channel
    this.beginning = options
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

  write(entries: readonly Entry[]): void {
    this.push(joined(entries))
  }

  reset(position: Position, reason: ResetReason): void {
    const cursor = printCursor(this.channel, position)
    this.pushText(namedBlock("reset", { channel: this.channel, cursor, reason }, cursor))
  }

  end(code: Code): void {
    this.closeWith(code)
  }

  setAside(): (() => void) | null {
    return this.shared.hub.slow(this)
  }

  protected opened(): void {
    const { after, reply } = this.beginning as ChannelStreamOptions
    this.beginning = null
    if (reply !== undefined)
      this.direct(typeof reply === "string" ? "text/plain" : "application/octet-stream", reply)
    this.seats = seatsOf(this.channels, this.user, this.shared.presence)
    this.shared.hub.join(this, this.channel, after)
  }

  protected left(): void {
    this.shared.hub.leave(this)
    leaveSeats(this.seats)
  }
}
