// Messages that came by POST are received in the order in which they came, one after the other, some in each turn of the loop.
import { LabaError } from "../../../wire/error.ts"
import type { Conversation } from "../conversation/conversation.ts"
import { TurnBudget } from "../conversation/turn-budget.ts"

/**
 * What may wait when more comes: the application takes its time, or others are served between. A client's POST is answered before it is
 * carried out, so the next one comes to what is left of it.
 */
const waitingMax = 10_000

interface MessageQueueOptions {
  readonly conversation: Conversation
  readonly isOver: () => boolean
  readonly waitingBytesMax: () => number
  readonly onFailure: (error: unknown) => void
}

export class MessageQueue {
  private readonly options: MessageQueueOptions
  private readonly turn = new TurnBudget()
  private waiting: string[] = []
  /** Of what waits, so many have been taken. To shift each off would move all that are behind it. */
  private taken = 0
  private waitingChars = 0
  private working = false

  constructor(options: MessageQueueOptions) {
    this.options = options
  }

  /** Throws `too_many_requests`, and then took none of them. */
  add(messages: readonly string[]): void {
    let chars = this.waitingChars
    for (const message of messages) chars += message.length
    const bytesMax = this.options.waitingBytesMax()
    if (
      this.working &&
      (this.waiting.length - this.taken + messages.length > waitingMax || chars > bytesMax)
    ) {
      throw new LabaError(
        "too_many_requests",
        `At most ${waitingMax} messages of a session, and ${bytesMax} bytes of them, may wait; send the next after an answer.`,
        { retryAfterSeconds: 1 },
      )
    }
    this.dropTaken()
    for (const message of messages) this.waiting.push(message)
    this.waitingChars = chars
    if (!this.working) void this.work()
  }

  private async work(): Promise<void> {
    this.working = true
    const { conversation, isOver, onFailure } = this.options
    try {
      // What a session has not begun when it ends is not done any more, as on a WebSocket.
      while (this.taken < this.waiting.length && !isOver()) {
        const next = this.waiting[this.taken++] as string
        this.waitingChars -= next.length
        this.turn.countFrame()
        this.turn.countBytes(next.length)
        const work = conversation.receive(next)
        if (work) await work
        const room = this.turn.room()
        if (room) await room
      }
    } catch (error) {
      onFailure(error)
    }
    this.waiting = []
    this.taken = 0
    this.waitingChars = 0
    this.working = false
  }

  private dropTaken(): void {
    if (this.taken === 0) return
    this.waiting = this.waiting.slice(this.taken)
    this.taken = 0
  }
}
