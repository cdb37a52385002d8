// A stream of many channels: messages as JSON with their channel, the id a compound cursor. Every stream has its own
// ids, so nothing but the JSON is shared.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import { dataLines, namedBlock, retryLine } from "../../protocols/event-stream.ts"
import { jsonProtocol } from "../../protocols/message-json.ts"
import { type Entry, payloadBytes } from "../../protocols/protocol.ts"
import { ListGroup } from "../list-group.ts"
import { type ManyStart, Places } from "../many.ts"
import { leaveSeats, seatsOf } from "../seats.ts"
import type { GroupKind, Listener, Membership, Start } from "../transport.ts"
import { setAside } from "../slow-listeners.ts"
import { reconnectMs } from "./channel-stream.ts"
import { EventStream, type EventStreamOptions } from "./event-stream.ts"

class ManyStreamGroup extends ListGroup<StreamedChannel> {
  write(entries: readonly Entry[]): void {
    for (const channel of this.snapshot()) channel.write(entries)
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

/** Until every channel has its place there is no cursor, and nothing can be written. */
class Beginning {
  /** How each channel begins, as far as it is known. */
  readonly starts: Start[] = []
  /** What happens once the cursor was written. */
  readonly after: (() => void)[] = []
  /** Bytes of payload in it. They are backlog as any other. */
  bytes = 0
  /** Resolves when the cursor was written, or the stream is closed. */
  readonly over: Promise<void>
  end: () => void = () => undefined

  constructor() {
    this.over = new Promise((resolve) => {
      this.end = resolve
    })
  }
}

export class ManyStream extends EventStream {
  private readonly places: Places
  private readonly listeners: StreamedChannel[]
  private readonly from: ManyStart
  private readonly reply: string | Uint8Array | undefined
  /** Null once the cursor was written. */
  private beginning: Beginning | null = new Beginning()
  private seats: PresenceHandle[] | null = null

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

  override backlogBytes(): number {
    return super.backlogBytes() + (this.beginning?.bytes ?? 0)
  }

  override drained(): Promise<void> {
    const { beginning } = this
    if (!beginning) return super.drained()
    return beginning.over.then(() => (!this.closed && this.backlogBytes() > 0 ? super.drained() : undefined))
  }

  /** A channel is asked for its place first, and for its messages when all channels have theirs. */
  readyFor(index: number): Promise<void> | null {
    const { beginning } = this
    if (!beginning || this.closed) return this.ready()
    return beginning.starts[index] ? beginning.over : null
  }

  placed(index: number, start: Start): void {
    this.places.set(index, start.position)
    const { beginning } = this
    if (!beginning) return
    beginning.starts[index] = start
    if (!this.places.complete) return
    const { cursor, channels } = this.places
    const told = beginning.starts.map(({ position, recovered, history }, at) => ({
      channel: channels[at],
      cursor: printCursor(channels[at] as Channel, position),
      recovered,
      history,
    }))
    this.beginning = null
    this.pushText(retryLine(reconnectMs) + namedBlock("position", { cursor, channels: told }, cursor))
    for (const happen of beginning.after) happen()
    beginning.end()
  }

  messages(index: number, entries: readonly Entry[]): void {
    const { beginning } = this
    if (beginning) {
      const kept = [...entries]
      beginning.after.push(() => this.messages(index, kept))
      beginning.bytes += payloadBytes(entries)
      return this.judgeBacklog()
    }
    let text = ""
    for (const entry of entries) {
      this.places.set(index, entry.message)
      text += `id: ${this.places.cursor}\n${dataLines(entry.as(jsonProtocol) as string)}\n`
    }
    this.pushText(text)
  }

  channelReset(index: number, position: Position, reason: ResetReason): void {
    if (this.beginning)
      return void this.beginning.after.push(() => this.channelReset(index, position, reason))
    this.places.set(index, position)
    const channel = this.places.channels[index] as Channel
    const reset = { channel, cursor: printCursor(channel, position), reason }
    this.pushText(namedBlock("reset", reset, this.places.cursor))
  }

  protected opened(): void {
    const { reply } = this
    if (reply !== undefined)
      this.direct(typeof reply === "string" ? "text/plain" : "application/octet-stream", reply)
    this.seats = seatsOf(this.channels, this.user, this.shared.presence)
    this.listeners.forEach((listener, index) => {
      this.shared.hub.join(listener, listener.channel, this.from?.[index] ?? null)
    })
  }

  protected left(): void {
    for (const channel of this.listeners) this.shared.hub.leave(channel)
    leaveSeats(this.seats)
    this.beginning?.end()
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
    return this.stream.readyFor(this.index)
  }

  reset(position: Position, reason: ResetReason): void {
    this.stream.channelReset(this.index, position, reason)
  }

  /** A stream of many ends with any of its channels: it has no way to lose one, and resuming brings the others back. */
  end(code: Code): void {
    this.stream.closeWith(code)
  }
}
