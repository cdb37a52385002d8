// A stream of many channels: messages as JSON with their channel, the id a compound cursor. Every stream has its own
// ids, so nothing but the JSON is shared.
import type { Code } from "../../../wire/codes.ts"
import { type Position, printCursor } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"
import type { PresenceHandle } from "../../cluster/presence/presence.ts"
import { dataLines, namedBlock, retryLine } from "../../protocols/server-sent-events.ts"
import { jsonProtocol } from "../../protocols/message-json.ts"
import { type PreparedMessage, payloadBytes } from "../../hub/prepared-message.ts"
import { oneByOne } from "../one-by-one.ts"
import { ChannelPositions } from "../channel-positions.ts"
import type { StartPositions } from "../cursors.ts"
import { leavePresence, joinPresence } from "../presence-handles.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../transport.ts"
import { startSkipping } from "../start-skipping.ts"
import { reconnectMs } from "./channel-stream.ts"
import { EventStream, type EventStreamOptions } from "./event-stream.ts"
import { typeOfData } from "../../../wire/content-type.ts"

const kind = oneByOne("sse-many", { writeMicros: 10, messageMicros: 2 })

export interface ManyStreamOptions extends EventStreamOptions {
  readonly channels: readonly Channel[]
  readonly from: StartPositions
  readonly reply: string | Uint8Array | undefined
}

/** Until every channel has its position there is no cursor, and nothing can be written. */
class PendingStart {
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
  private readonly positions: ChannelPositions
  private readonly listeners: StreamedChannel[]
  private readonly from: StartPositions
  private readonly reply: string | Uint8Array | undefined
  /** Null once the cursor was written. */
  private pendingStart: PendingStart | null = new PendingStart()
  private presenceHandles: PresenceHandle[] | null = null

  constructor(options: ManyStreamOptions) {
    super(options)
    this.positions = new ChannelPositions(options.channels)
    this.listeners = options.channels.map((channel, index) => new StreamedChannel(this, channel, index))
    this.from = options.from
    this.reply = options.reply
  }

  get channels(): readonly Channel[] {
    return this.positions.channels
  }

  startSkipping(): (() => void) | null {
    return startSkipping(this.context.hub, this.listeners)
  }

  override backlogBytes(): number {
    return super.backlogBytes() + (this.pendingStart?.bytes ?? 0)
  }

  override drained(): Promise<void> {
    const { pendingStart } = this
    if (!pendingStart) return super.drained()
    return pendingStart.over.then(() =>
      !this.closed && this.backlogBytes() > 0 ? super.drained() : undefined,
    )
  }

  /** A channel is asked for its position first, and for its messages when all channels have theirs. */
  readyFor(index: number): Promise<void> | null {
    const { pendingStart } = this
    if (!pendingStart || this.closed) return this.ready()
    return pendingStart.starts[index] ? pendingStart.over : null
  }

  channelStarted(index: number, start: Start): void {
    this.positions.set(index, start.position)
    const { pendingStart } = this
    if (!pendingStart) return
    pendingStart.starts[index] = start
    if (!this.positions.complete) return
    const { cursor, channels } = this.positions
    const told = pendingStart.starts.map(({ position, recovered, history }, at) => ({
      channel: channels[at],
      cursor: printCursor(channels[at] as Channel, position),
      recovered,
      history,
    }))
    this.pendingStart = null
    this.pushText(retryLine(reconnectMs) + namedBlock("position", { cursor, channels: told }, cursor))
    for (const happen of pendingStart.after) happen()
    pendingStart.end()
  }

  channelMessages(index: number, messages: readonly PreparedMessage[]): void {
    const { pendingStart } = this
    if (pendingStart) {
      const kept = [...messages]
      pendingStart.after.push(() => this.channelMessages(index, kept))
      pendingStart.bytes += payloadBytes(messages)
      return this.judgeBacklog()
    }
    let text = ""
    for (const prepared of messages) {
      this.positions.set(index, prepared.message)
      text += `id: ${this.positions.cursor}\n${dataLines(prepared.frameFor(jsonProtocol) as string)}\n`
    }
    this.pushText(text)
  }

  channelReset(index: number, position: Position, reason: ResetReason): void {
    if (this.pendingStart)
      return void this.pendingStart.after.push(() => this.channelReset(index, position, reason))
    this.positions.set(index, position)
    const channel = this.positions.channels[index] as Channel
    const reset = { channel, cursor: printCursor(channel, position), reason }
    this.pushText(namedBlock("reset", reset, this.positions.cursor))
  }

  protected opened(): void {
    const { reply } = this
    if (reply !== undefined) this.direct(typeOfData(reply), reply)
    this.presenceHandles = joinPresence(this.channels, this.user, this.context.presence)
    this.listeners.forEach((listener, index) => {
      this.context.hub.join(listener, listener.channel, this.from?.[index] ?? null)
    })
  }

  protected left(): void {
    for (const channel of this.listeners) this.context.hub.leave(channel)
    leavePresence(this.presenceHandles)
    this.pendingStart?.end()
  }
}

/** One channel of such a stream. */
class StreamedChannel implements Listener {
  readonly channel: Channel
  hubState: ListenerState | null = null
  groupIndex = -1
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
    this.stream.channelStarted(this.index, start)
  }

  write(messages: readonly PreparedMessage[]): void {
    this.stream.channelMessages(this.index, messages)
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
