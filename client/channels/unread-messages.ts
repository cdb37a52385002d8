// What a channel has for the application: to listeners at once, to iterators through their buffers, and kept until the
// first of them comes. It is bounded and says when it is full; it never drops.
import { type Buffer, createBuffer } from "./bounded-queue.ts"
import type { Message } from "./message.ts"

/** The position could not be resumed from: something may be missing here, and the application reloads. */
export interface Reset {
  readonly cursor: string
  readonly reason: string
}

interface InboxOptions {
  readonly max: number
  /** Somebody listens for messages. */
  isHeard(): boolean
  /** Gives a message to the listeners. */
  give(message: Message): void
  /** Tells listeners of a reset; false when none listens for it. */
  tell(reset: Reset): boolean
  /** A reset that no listener and no iterator was there for. */
  untold(reset: Reset): void
  failureOf(reset: Reset): Error
  /** There is room again after `isFull`. */
  drained(): void
}

interface Inbox {
  push(message: Message): void
  reset(reset: Reset): void
  isFull(): boolean
  /** Somebody takes what comes. */
  isRead(): boolean
  /** Forgets what was kept for the first who comes, and keeps that for them. */
  skip(reset: Reset): void
  /** A listener for messages came: it gets what was kept, before anything new. */
  listenerCame(): void
  iterate(): AsyncIterableIterator<Message>
  end(failure?: Error): void
}

export function createInbox(options: InboxOptions): Inbox {
  const { max, isHeard, give, tell, untold, failureOf, drained } = options
  const buffers = new Set<Buffer<Message>>()
  let kept: (Message | Reset)[] = []
  let keptSize = 0
  let ended: { failure: Error | undefined } | null = null

  const pass = (message: Message): void => {
    give(message)
    for (const buffer of buffers) buffer.push(message)
  }
  /** Who reloads now must not be given afterwards what is older. */
  const forget = (): void => {
    kept = []
    keptSize = 0
    for (const buffer of buffers) buffer.clear()
  }
  const passReset = (reset: Reset): void => {
    if (tell(reset)) return
    if (buffers.size === 0) return untold(reset)
    // An iterator gives messages only, so a hole in them has to end it.
    for (const buffer of buffers) buffer.end(failureOf(reset))
    buffers.clear()
  }
  const keep = (item: Message | Reset): void => {
    kept.push(item)
    keptSize = kept.length
  }
  const release = (): void => {
    if (kept.length === 0) return
    const items = kept
    kept = []
    for (const item of items) {
      if ("data" in item) pass(item)
      else passReset(item)
    }
    const wasFull = keptSize >= max
    keptSize = 0
    if (wasFull) drained()
  }
  const isRead = (): boolean => isHeard() || buffers.size > 0
  const mustKeep = (): boolean => kept.length > 0 || !isRead()

  return {
    push(message) {
      if (mustKeep()) keep(message)
      else pass(message)
    },
    reset(reset) {
      if (tell(reset)) return forget()
      if (mustKeep()) keep(reset)
      else passReset(reset)
    },
    isFull: () => keptSize >= max || [...buffers].some((buffer) => buffer.isFull()),
    isRead,
    skip(reset) {
      kept = [reset]
      keptSize = 0
    },
    listenerCame() {
      queueMicrotask(() => {
        if (isHeard()) release()
      })
    },
    iterate() {
      const buffer = createBuffer<Message>(max, drained)
      const leave = buffer.return
      buffer.return = () => {
        buffers.delete(buffer)
        return leave.call(buffer)
      }
      buffers.add(buffer)
      release()
      if (ended) buffer.end(ended.failure)
      return buffer
    },
    end(failure) {
      ended = { failure }
      for (const buffer of buffers) buffer.end(failure)
      buffers.clear()
    },
  }
}
