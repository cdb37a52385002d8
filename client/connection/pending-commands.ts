// Which answer belongs to which command: refs are given out here and nowhere else.
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"

/** Given the answer, or null when the connection ended before one came. */
type OnReply = (reply: ServerFrame | null) => void

/** How a part of the client sends a command on the connection that is open now. */
export type SendCommand = (frame: ClientFrame, onReply: OnReply) => void

interface PendingCommands {
  /** The frame with its ref; `onReply` is called once. */
  add(frame: ClientFrame, onReply: OnReply): ClientFrame
  /** True when the frame was an answer that somebody waited for. */
  settle(frame: ServerFrame): boolean
  /** The connection ended: nobody will be answered any more. */
  dropAll(): void
}

export function createPendingCommands(): PendingCommands {
  const pending = new Map<unknown, OnReply>()
  let last = 0
  return {
    add(frame, onReply) {
      pending.set(++last, onReply)
      return { ...frame, ref: last }
    },
    settle(frame) {
      const ref = "ref" in frame ? frame.ref : undefined
      const onReply = pending.get(ref)
      if (!onReply) return false
      pending.delete(ref)
      onReply(frame)
      return true
    },
    dropAll() {
      const all = [...pending.values()]
      pending.clear()
      for (const onReply of all) onReply(null)
    },
  }
}
