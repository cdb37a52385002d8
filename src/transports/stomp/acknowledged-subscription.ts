// A subscription whose client acknowledges what it has: flow control. It is given so many messages at most that it has not acknowledged; what
// comes meanwhile waits in a short queue, and beyond that in the channel's history, from where it is given when there is room. Nothing is
// delivered twice, and to nobody else. Where the node has too much unacknowledged, it has one message at a time.
import type { Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
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
  readonly budget: UnacknowledgedBudget
  /** Gives up the place in the group: what follows is replayed when there is room. */
  readonly pause: (subscription: AcknowledgedSubscription, after: Position) => void
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
    return this.options.budget
  }

  override write(messages: readonly PreparedMessage[]): void {
    const { budget, pause } = this.options
    const fits: PreparedMessage[] = []
    for (const message of messages) {
      if (this.queue.length === 0 && this.hasRoom) {
        this.enter(message)
        fits.push(message)
        continue
      }
      const cost = costOf(message)
      if (!budget.hasRoomToWait(cost)) {
        const { epoch, offset } = message.message
        pause(this, { epoch, offset: offset - 1 })
        break
      }
      this.queue.push(message)
      budget.add(1, cost)
    }
    this.send(fits)
  }

  override ready(): Promise<void> | null {
    if (this.queue.length > 0 || !this.hasRoom) return this.options.budget.whenChanged()
    return super.ready()
  }

  /** Nothing is read that could not wait. */
  get messagesMax(): number {
    const { budget, windowMax } = this.options
    if (budget.hasRoomToWait(overheadBytes)) return Number.MAX_SAFE_INTEGER
    return budget.hasRoomToSend ? Math.max(1, windowMax - this.window.size) : 1
  }

  /** What waits is from before it: behind it that would be out of order, and its cursor would lead the client back. */
  override reset(position: Position, reason: ResetReason): void {
    this.forgetWaiting()
    super.reset(position, reason)
    this.options.budget.changed()
  }

  override cancel(): void {
    super.cancel()
    const { budget } = this.options
    this.forgetWaiting()
    budget.add(-this.window.size, 0)
    this.window.clear()
    budget.changed()
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
    this.options.budget.add(-taken.length, 0)
    this.sendWhatWaited()
    if (this.queue.length === 0 && this.hasRoom) this.options.budget.changed()
    return taken
  }

  has(messageId: string): boolean {
    return this.window.has(messageId)
  }

  /** One is always sent, or nothing of this subscription would ever be acknowledged. */
  private get hasRoom(): boolean {
    const { windowMax, budget } = this.options
    return this.window.size === 0 || (this.window.size < windowMax && budget.hasRoomToSend)
  }

  private forgetWaiting(): void {
    for (const message of this.queue.splice(0)) this.options.budget.add(-1, -costOf(message))
  }

  private sendWhatWaited(): void {
    const fits: PreparedMessage[] = []
    while (this.queue.length > fits.length && this.hasRoom) {
      const next = this.queue[fits.length] as PreparedMessage
      this.options.budget.add(-1, -costOf(next))
      this.enter(next)
      fits.push(next)
    }
    this.queue.splice(0, fits.length)
    this.send(fits)
  }

  private enter({ message }: PreparedMessage): void {
    this.window.add(message.id)
    this.options.budget.add(1, 0)
  }

  private send(fits: readonly PreparedMessage[]): void {
    if (fits.length === 0) return
    const { connection, version } = this.owner
    connection.sendAll(
      fits.flatMap((prepared) =>
        this.framesOf(prepared, version === "1.2" ? `ack:${ackOf(this.serial, prepared.message.id)}\n` : ""),
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
