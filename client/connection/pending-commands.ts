// Which answer belongs to which command: refs are given out here and nowhere else.
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"

/** Given the answer, or null when the connection ended before one came. */
type Answered = (frame: ServerFrame | null) => void

interface Replies {
  /** The frame with its ref; `answered` is called once. */
  expect(frame: ClientFrame, answered: Answered): ClientFrame
  /** True when the frame was an answer that somebody waited for. */
  take(frame: ServerFrame): boolean
  /** The connection ended: nobody will be answered any more. */
  drop(): void
}

export function createReplies(): Replies {
  const waiting = new Map<unknown, Answered>()
  let last = 0
  return {
    expect(frame, answered) {
      waiting.set(++last, answered)
      return { ...frame, ref: last }
    },
    take(frame) {
      const ref = "ref" in frame ? frame.ref : undefined
      const answered = waiting.get(ref)
      if (!answered) return false
      waiting.delete(ref)
      answered(frame)
      return true
    },
    drop() {
      const all = [...waiting.values()]
      waiting.clear()
      for (const answered of all) answered(null)
    },
  }
}

/** How a part of the client sends a command on the connection that is open now. */
export type Ask = (frame: ClientFrame, answered: Answered) => void
