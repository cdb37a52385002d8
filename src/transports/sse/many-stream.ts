// A stream of many channels: messages as JSON with their channel, the id a compound cursor. Every stream has its own
// ids, so nothing but the JSON is shared.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Seat } from "../../nodes/presence/presence.ts"
import { dataLines, namedBlock, retryLine } from "../../protocols/event-stream.ts"
import { jsonProtocol } from "../../protocols/message-json.ts"
import type { Entry } from "../../protocols/protocol.ts"
import { ListGroup } from "../list-group.ts"
import { type ManyStart, Places } from "../many.ts"
import { leaveSeats, seatsOf } from "../seats.ts"
import type { GroupKind, Listener, Membership, Start } from "../transport.ts"
import { setAside } from "../slow-listeners.ts"
import { reconnectMs } from "./channel-stream.ts"
import { EventStream, type EventStreamOptions } from "./event-stream.ts"

class ManyStreamGroup extends ListGroup<StreamedChannel> {
  write(entries: readonly Entry[]): void {
    for (const channel of this.members) channel.write(entries)
  }
}

const kind: GroupKind = {
  name: "sse-many",
  writeMicros: 10,
  messageMicros: 2,
  joins: false,
  make: () => new ManyStreamGroup() as ListGroup<Listener>,
}

export interface ManyStreamOptions extends EventStreamOptions {
  readonly channels: readonly Channel[]
  readonly from: ManyStart
  readonly reply: string | Uint8Array | undefined
}

export class ManyStream extends EventStream {
  private readonly places: Places
  private readonly listeners: StreamedChannel[]
  private readonly from: ManyStart
  private readonly reply: string | Uint8Array | undefined
  /** What happened before every channel had its place: it waits until the cursor was written. */
  private early: (() => void)[] | null = []
  /** How each channel begins, until the cursor was written. */
  private starts: Start[] = []
  private seats: Seat[] | null = null

  constructor(options: ManyStreamOptions) {
    super(options)
    this.places = new Places(options.channels)
    this.listeners = options.channels.map((channel, index) => new StreamedChannel(this, channel, index))
    this.from = options.from
    this.reply = options.reply
  }

  get channels(): readonly Channel[] {
    return this.places.channels
  }

  setAside(): (() => void) | null {
    return setAside(this.shared.hub, this.listeners)
  }

  placed(index: number, start: Start): void {
    this.places.set(index, start.position)
    if (!this.early) return
    this.starts[index] = start
    if (!this.places.complete) return
    const { cursor, channels } = this.places
    const told = this.starts.map(({ position, recovered, history }, at) => ({
      channel: channels[at],
      cursor: printCursor(channels[at] as Channel, position),
      recovered,
      history,
    }))
    this.pushText(retryLine(reconnectMs) + namedBlock("position", { cursor, channels: told }, cursor))
    const { early } = this
    this.early = null
    this.starts = []
    for (const happen of early) happen()
  }

  messages(index: number, entries: readonly Entry[]): void {
    if (this.early) return void this.early.push(() => this.messages(index, entries))
    let text = ""
    for (const entry of entries) {
      this.places.set(index, entry.message)
      text += `id: ${this.places.cursor}\n${dataLines(entry.as(jsonProtocol) as string)}\n`
    }
    this.pushText(text)
  }

  channelReset(index: number, position: Position, reason: ResetReason): void {
    if (this.early) return void this.early.push(() => this.channelReset(index, position, reason))
    this.places.set(index, position)
    const told = this.from.foreign && reason === "epoch" ? "other-channels" : reason
    const channel = this.places.channels[index] as Channel
    const reset = { channel, cursor: printCursor(channel, position), reason: told }
    this.pushText(namedBlock("reset", reset, this.places.cursor))
  }

  protected opened(): void {
    const { reply } = this
    if (reply !== undefined)
      this.direct(typeof reply === "string" ? "text/plain" : "application/octet-stream", reply)
    this.seats = seatsOf(this.channels, this.user, this.shared.presence)
    this.listeners.forEach((listener, index) => {
      this.shared.hub.join(listener, listener.channel, this.from.positions?.[index] ?? null)
    })
  }

  protected left(): void {
    for (const channel of this.listeners) this.shared.hub.leave(channel)
    leaveSeats(this.seats)
  }
}

/** One channel of such a stream. */
class StreamedChannel implements Listener {
  readonly channel: Channel
  membership: Membership | null = null
  place = -1
  private readonly stream: ManyStream
  private readonly index: number

  constructor(stream: ManyStream, channel: Channel, index: number) {
    this.stream = stream
    this.channel = channel
    this.index = index
  }

  get kind(): GroupKind {
    return kind
  }

  get outbox(): ManyStream {
    return this.stream
  }

  get closed(): boolean {
    return this.stream.closed
  }

  start(start: Start): void {
    this.stream.placed(this.index, start)
  }

  write(entries: readonly Entry[]): void {
    this.stream.messages(this.index, entries)
  }

  ready(): Promise<void> | null {
    return this.stream.ready()
  }

  reset(position: Position, reason: ResetReason): void {
    this.stream.channelReset(this.index, position, reason)
  }

  /** A stream of many ends with any of its channels: it has no way to lose one, and resuming brings the others back. */
  end(code: Code): void {
    this.stream.closeWith(code)
  }
}
