// Commands that came by POST take effect in the order in which they came, one after the other.
import { LabaError } from "../../../wire/error.ts"
import type { Command } from "../../protocols/commands.ts"
import type { Conversation } from "../laba/conversation.ts"

/** Frames that may wait. A client has one POST under way, of at most 64; the rest is for one that does not keep to it. */
const waitingMax = 256

export class CommandQueue {
  private readonly conversation: Conversation
  private readonly waiting: Command[] = []
  private working = false

  constructor(conversation: Conversation) {
    this.conversation = conversation
  }

  /** Throws `too_many_requests`, and then took none of them. */
  add(frames: readonly Command[]): void {
    if (this.waiting.length + frames.length > waitingMax) {
      throw new LabaError(
        "too_many_requests",
        `At most ${waitingMax} commands of a session may wait; send the next after an answer.`,
        {
          retryAfterSeconds: 1,
        },
      )
    }
    this.waiting.push(...frames)
    if (!this.working) void this.work()
  }

  /** A POST was refused as a whole. */
  refused(): void {
    this.conversation.countRefusal()
  }

  private async work(): Promise<void> {
    this.working = true
    const { outlet } = this.conversation
    // What a session has not begun when it ends is not done any more, as on a WebSocket.
    for (let frame = this.waiting.shift(); frame && !outlet.closed; frame = this.waiting.shift()) {
      // `handle` answers what goes wrong; it never rejects.
      const work = this.conversation.handle(frame)
      if (work) await work
    }
    this.working = false
  }
}
