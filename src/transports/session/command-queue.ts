// Commands that came by POST take effect in the order in which they came, one after the other.
import { LabaError } from "../../../wire/error.ts"
import type { Command } from "../../protocols/laba/commands.ts"
import type { LabaConversation } from "../laba/laba-conversation.ts"
import { executeCommand } from "../laba/execute-command.ts"

/** Frames that may wait. A client has one POST under way, of at most 64; the rest is for one that does not keep to it. */
const waitingMax = 256

/** What was posted and waits, in bytes: two of the largest POSTs. While the application takes its time, frames hold on to it. */
const waitingBytesMax = 1024 * 1024

/** What came in one POST, and how much it was. */
interface Batch {
  readonly frames: Command[]
  readonly bytes: number
}

export class CommandQueue {
  private readonly conversation: LabaConversation
  private batches: Batch[] = []
  private working = false

  constructor(conversation: LabaConversation) {
    this.conversation = conversation
  }

  /** Throws `too_many_requests`, and then took none of them. */
  add(frames: readonly Command[], bytes: number): void {
    let count = frames.length
    let size = bytes
    for (const batch of this.batches) {
      count += batch.frames.length
      size += batch.bytes
    }
    if (count > waitingMax || size > waitingBytesMax) {
      throw new LabaError(
        "too_many_requests",
        `At most ${waitingMax} commands of a session, and ${waitingBytesMax} bytes of them, may wait; send the next after an answer.`,
        {
          retryAfterSeconds: 1,
        },
      )
    }
    this.batches.push({ frames: [...frames], bytes })
    if (!this.working) void this.work()
  }

  /** A POST of so many bytes was refused as a whole. */
  refused(bytes: number): void {
    this.conversation.countRefusal(bytes)
  }

  private async work(): Promise<void> {
    this.working = true
    const { connection } = this.conversation
    // What a session has not begun when it ends is not done any more, as on a WebSocket.
    for (let batch = this.batches[0]; batch && !connection.closed; batch = this.batches[0]) {
      const frame = batch.frames.shift()
      // `executeCommand` answers what goes wrong; it never rejects.
      const work = frame && executeCommand(this.conversation, frame)
      if (work) await work
      if (batch.frames.length === 0) this.batches.shift()
    }
    this.batches = []
    this.working = false
  }
}
