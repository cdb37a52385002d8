// What a channel has for one of its users: to listeners at once, to iterators through their queues, and kept until the
// first of them comes. It is bounded and says when it is full; it never drops.
import type { Emitter, ReportError } from "../emitter.ts"
import { LabaFailure, makeReason } from "../reason.ts"
import { type BoundedQueue, createBoundedQueue } from "./bounded-queue.ts"
import type { ChannelEvents, Reset } from "./channel.ts"
import type { Message } from "./message.ts"

interface UnreadMessagesOptions {
  /** The channel, as its user calls it. */
  readonly name: string
  readonly max: number
  readonly emitter: Emitter<ChannelEvents>
  /** Told of a reset that nobody was there for. */
  readonly report: ReportError
  /** Somebody reads, or there is room again: what waits for that may go on. */
  drained(): void
}

interface UnreadMessages {
  push(message: Message): void
  reset(reset: Reset): void
  isFull(): boolean
  /** Somebody takes what comes. */
  hasReader(): boolean
  /** Forgets what nobody has taken. Who begins to is told of the hole. */
  skip(cursor: string): void
  /** A listener for messages came: it gets what was kept, before anything new. */
  listenerCame(): void
  iterate(): AsyncIterableIterator<Message>
  end(failure?: Error): void
}

export function createUnreadMessages(options: UnreadMessagesOptions): UnreadMessages {
  const { name, max, emitter, report, drained } = options
  const queues = new Set<BoundedQueue<Message>>()
  let kept: (Message | Reset)[] = []
  /** As the bound counts it: a hole alone is nothing that waits. */
  let keptSize = 0
  let ended: { failure: Error | undefined } | null = null

  const pass = (message: Message): void => {
    emitter.emit("message", message)
    for (const queue of queues) queue.push(message)
  }
  /** False when nobody listens for it. */
  const emitReset = (reset: Reset): boolean => {
    const isHeard = emitter.has("reset")
    emitter.emit("reset", reset)
    return isHeard
  }
  const endQueues = (failure?: Error): void => {
    for (const queue of queues) queue.end(failure)
    queues.clear()
  }
  const passReset = (reset: Reset): void => {
    if (emitReset(reset)) return
    const failure = new LabaFailure(
      makeReason("reset", "at-once", `${name} cannot be resumed (${reset.reason}).`),
    )
    // An iterator gives messages only, so a hole in them has to end it.
    if (queues.size > 0) endQueues(failure)
    else report(failure)
  }
  const keep = (item: Message | Reset): void => {
    keptSize = kept.push(item)
  }
  const release = (): void => {
    const items = kept
    kept = []
    keptSize = 0
    for (const item of items) {
      if ("data" in item) pass(item)
      else passReset(item)
    }
    drained()
  }
  const hasReader = (): boolean => emitter.has("message") || queues.size > 0
  const mustKeep = (): boolean => kept.length > 0 || !hasReader()

  return {
    push(message) {
      if (mustKeep()) keep(message)
      else pass(message)
    },
    reset(reset) {
      if (emitReset(reset)) {
        // Who reloads now must not be given afterwards what is older.
        kept = []
        keptSize = 0
        for (const queue of queues) queue.clear()
      } else if (mustKeep()) keep(reset)
      else passReset(reset)
    },
    isFull: () => keptSize >= max || [...queues].some((queue) => queue.isFull()),
    hasReader,
    skip(cursor) {
      kept = [{ cursor, reason: "skipped" }]
      keptSize = 0
    },
    listenerCame() {
      queueMicrotask(() => {
        if (emitter.has("message")) release()
      })
    },
    iterate() {
      const queue = createBoundedQueue<Message>(max, drained)
      const { return: leave } = queue
      queue.return = () => {
        queues.delete(queue)
        return leave()
      }
      queues.add(queue)
      release()
      if (ended) queue.end(ended.failure)
      return queue
    },
    end(failure) {
      ended = { failure }
      endQueues(failure)
    },
  }
}
