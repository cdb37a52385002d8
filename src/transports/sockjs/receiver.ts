// What takes the frames of a session to its client: a poll, answered once, or a stream, which takes many. A session has one at a time.

export interface Receiver {
  /** It takes one frame and is answered by it. */
  readonly isPoll: boolean
  /** What names it, where it came by another node. */
  readonly name?: string | undefined
  /** Bytes that it has taken, and that its client has not read. */
  readonly behindBytes: number
  /** Writes a frame; a poll is over by it. False: it has taken as much as one of it may, and is to be ended. */
  write(frame: string): boolean
  /** Ends it as a whole answer. */
  end(): void
}

/** Told by a receiver about its client. */
export interface ReceiverOwner {
  /** The client is gone before its answer was whole, or with a part of it unread. */
  answerCut(receiver: Receiver): void
  /** The client has read on. */
  readOn(): void
}
