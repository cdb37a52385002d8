// A subscription whose client acknowledges what it has: flow control. It is given so many messages at most that it has not acknowledged; what
// comes meanwhile waits in a short queue, and beyond that in the channel's history, from where it is given when there is room. Nothing is
// delivered twice, and to nobody else.
import type { PreparedMessage } from "../../hub/prepared-message.ts"
import { StompSubscription, type SubscriptionOptions } from "./subscription.ts"
import type { UnacknowledgedBudget } from "./unacknowledged-budget.ts"

interface AcknowledgedOptions extends SubscriptionOptions {
  /** Which of the connection's subscriptions it is: part of every `ack`. */
  readonly serial: number
  /** An ACK is about all that was sent before it, too. */
  readonly isCumulative: boolean
  /** Messages that may be unacknowledged at once. */
  readonly windowMax: number
  readonly waiting: UnacknowledgedBudget
  /** Gives up the place in the group: what follows is replayed when there is room. */
  readonly pause: (subscription: AcknowledgedSubscription) => void
}

/** A message beside its payload: object, frame and place in the queue. */
const overheadBytes = 256

export class AcknowledgedSubscription extends StompSubscription {
  readonly serial: number
  private readonly options: AcknowledgedOptions
  /** Ids of what was sent and is not acknowledged, the oldest first. */
  private readonly window = new Set<string>()
  private queue: PreparedMessage[] = []

  constructor(options: AcknowledgedOptions) {
    super(options)
    this.serial = options.serial
    this.options = options
  }

  /** It waits for acknowledgements, where others wait for the reader alone: in a turn of its own. */
  override get outbox(): UnacknowledgedBudget {
    return this.options.waiting
  }

  override write(messages: readonly PreparedMessage[]): void {
    const { waiting } = this.options
    for (const message of messages) {
      this.queue.push(message)
      waiting.take(costOf(message))
    }
    this.sendWhatFits()
    if (this.queue.length > 0 && waiting.isFull) this.options.pause(this)
  }

  override ready(): Promise<void> | null {
    const { waiting } = this.options
    if (this.queue.length > 0 || !this.hasRoom || waiting.isFull) return waiting.whenChanged()
    return super.ready()
  }

  override cancel(): void {
    super.cancel()
    for (const message of this.queue.splice(0)) this.options.waiting.giveBack(costOf(message))
    this.window.clear()
    this.options.waiting.changed()
  }

  /** Takes out of the window what an ACK or a NACK of this message is about; nothing when it is not in it. */
  take(messageId: string): readonly string[] {
    if (!this.window.has(messageId)) return []
    const taken: string[] = []
    for (const id of this.options.isCumulative ? this.window : [messageId]) {
      taken.push(id)
      if (id === messageId) break
    }
    for (const id of taken) this.window.delete(id)
    this.sendWhatFits()
    if (this.queue.length === 0 && this.hasRoom) this.options.waiting.changed()
    return taken
  }

  has(messageId: string): boolean {
    return this.window.has(messageId)
  }

  private get hasRoom(): boolean {
    return this.window.size < this.options.windowMax
  }

  private sendWhatFits(): void {
    const fits = this.queue.splice(0, this.options.windowMax - this.window.size)
    if (fits.length === 0) return
    for (const sealed of fits) {
      this.window.add(sealed.message.id)
      this.options.waiting.giveBack(costOf(sealed))
    }
    const { connection, version } = this.owner
    connection.sendAll(
      fits.flatMap((sealed) =>
        this.framesOf(sealed, version === "1.2" ? `ack:${ackOf(this.serial, sealed.message.id)}\n` : ""),
      ),
    )
  }
}

const costOf = ({ message }: PreparedMessage): number => message.bytes + overheadBytes

/** The header `ack`: which subscription of the connection, and which message. */
const ackOf = (serial: number, messageId: string): string => `${serial.toString(36)}-${messageId}`

/** Reads what `ackOf` printed. Null when it is none. */
export function readAckId(ack: string): { readonly serial: number; readonly messageId: string } | null {
  const match = /^([0-9a-z]{1,8})-(.{1,64})$/.exec(ack)
  return match && { serial: Number.parseInt(match[1] as string, 36), messageId: match[2] as string }
}
