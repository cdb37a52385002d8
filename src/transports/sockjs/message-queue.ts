// Messages that came by POST are received in the order in which they came, one after the other.
import { LabaError } from "../../../wire/error.ts"
import type { Conversation } from "../conversation/conversation.ts"

/** What waits while the application takes its time. A client has one POST under way; the rest is for one that does not keep to it. */
const waitingMax = 1000

interface MessageQueueOptions {
  readonly conversation: Conversation
  readonly isOver: () => boolean
  readonly waitingBytesMax: () => number
  readonly onFailure: (error: unknown) => void
}

export class MessageQueue {
  private readonly options: MessageQueueOptions
  private waiting: string[] = []
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
    if (this.working && (this.waiting.length + messages.length > waitingMax || chars > bytesMax)) {
      throw new LabaError(
        "too_many_requests",
        `At most ${waitingMax} messages of a session, and ${bytesMax} bytes of them, may wait; send the next after an answer.`,
        { retryAfterSeconds: 1 },
      )
    }
    this.waiting.push(...messages)
    this.waitingChars = chars
    if (!this.working) void this.work()
  }

  private async work(): Promise<void> {
    this.working = true
    const { conversation, isOver, onFailure } = this.options
    try {
      // What a session has not begun when it ends is not done any more, as on a WebSocket.
      for (let next = this.waiting.shift(); next !== undefined && !isOver(); next = this.waiting.shift()) {
        this.waitingChars -= next.length
        const work = conversation.receive(next)
        if (work) await work
      }
    } catch (error) {
      onFailure(error)
    }
    this.waiting = []
    this.waitingChars = 0
    this.working = false
  }
}
