// One user of a channel: its own listeners, its own unread messages, its own end. Any number of them share a subscription,
// which ends with the last.
import type { Channel, ChannelEvents, ChannelState, Subscription } from "./channel.ts"
import { createInbox, type Reset } from "./unread-messages.ts"
import { createListeners, type Report } from "../emitter.ts"
import type { State } from "../state-machine.ts"
import type { Message } from "./message.ts"
import { LabaFailure, type Reason } from "../reason.ts"

/** What handles have in common. */
export interface Source {
  readonly state: State
  readonly cursor: string | null
  /** How it was subscribed last. */
  readonly subscription: Subscription | null
  presence: Channel["presence"]
  /** Who is listened for may have changed. */
  review(): void
  /** There may be room again for what was held back. */
  drained(): void
  leave(handle: Handle, reason: Reason): void
}

export interface Handle {
  readonly channel: Channel
  /** From now on it is this one's. */
  move(to: Source): void
  has(event: keyof ChannelEvents): boolean
  emit<Name extends keyof ChannelEvents>(name: Name, event: ChannelEvents[Name]): void
  tell(state: ChannelState): void
  push(message: Message): void
  reset(reset: Reset): void
  /** Somebody takes its messages. */
  isRead(): boolean
  isFull(): boolean
  /** Forgets what nobody has taken. Who begins to is told of the hole. */
  skip(cursor: string): void
  end(reason: Reason): void
}

interface HandleOptions {
  readonly name: string
  readonly bufferMax: number
  readonly report: Report
  publish: Channel["publish"]
}

export function createHandle({ name, bufferMax, report, publish }: HandleOptions, first: Source): Handle {
  const listeners = createListeners<ChannelEvents>(report)
  const waiters = new Set<{ resolve(subscription: Subscription): void; reject(error: Error): void }>()
  let source = first
  let over: Reason | null = null
  // A channel that was open before: this user of it stands where it stood then, whatever it was subscribed with.
  let joined: Subscription | null = null
  const { cursor, subscription } = first
  if (first.state === "open" && subscription)
    joined = { cursor: cursor || subscription.cursor, recovered: false, history: subscription.history }

  const failureOf = (reset: Reset): LabaFailure =>
    new LabaFailure({
      code: "reset",
      retry: "at-once",
      detail: `${name} cannot be resumed (${reset.reason}).`,
    })
  const inbox = createInbox({
    max: bufferMax,
    isHeard: () => listeners.has("message"),
    give: (message) => listeners.emit("message", message),
    tell(reset) {
      const isHeard = listeners.has("reset")
      listeners.emit("reset", reset)
      return isHeard
    },
    untold: (reset) => report(failureOf(reset)),
    failureOf,
    drained: () => source.drained(),
  })
  const end = (reason: Reason): void => {
    if (over) return
    over = reason
    listeners.emit("state", { state: "closed", reason })
    const failure = new LabaFailure(reason)
    for (const { reject } of waiters) reject(failure)
    waiters.clear()
    inbox.end(reason.code === "closed" ? undefined : failure)
  }
  const off: Channel["off"] = (event, listener) => {
    listeners.off(event, listener)
    if (!over) source.review()
  }

  const handle: Handle = {
    channel: {
      name,
      get state() {
        return over ? "closed" : source.state
      },
      get cursor() {
        return source.cursor
      },
      on(event, listener) {
        listeners.on(event, listener)
        if (event === "message") {
          inbox.listenerCame()
          // Who reads now does not wait for who does not.
          queueMicrotask(() => source.drained())
        }
        if (!over) source.review()
        return () => off(event, listener)
      },
      off,
      ready() {
        if (over) return Promise.reject(new LabaFailure(over))
        if (source.state === "open") return Promise.resolve((joined || source.subscription) as Subscription)
        return new Promise((resolve, reject) => waiters.add({ resolve, reject }))
      },
      publish,
      presence: () => source.presence(),
      close() {
        if (over) return
        const reason: Reason = {
          code: "closed",
          retry: "stay-away",
          detail: "The application closed the channel.",
        }
        end(reason)
        source.leave(handle, reason)
      },
      [Symbol.asyncIterator]() {
        const iterator = inbox.iterate()
        source.drained()
        return iterator
      },
    },
    move(to) {
      source = to
    },
    has: listeners.has,
    emit: listeners.emit,
    tell(state) {
      const isOpen = state.state === "open"
      if (isOpen) joined = null
      listeners.emit("state", state)
      if (!isOpen) return
      for (const { resolve } of waiters) resolve(source.subscription as Subscription)
      waiters.clear()
    },
    push: inbox.push,
    reset: inbox.reset,
    isRead: inbox.isRead,
    isFull: inbox.isFull,
    skip: (at) => inbox.skip({ cursor: at, reason: "skipped" }),
    end,
  }
  return handle
}
