// One user of a channel: its own listeners, its own unread messages, its own end. Any number of them share a subscription,
// which ends with the last.
import { createEmitter, type ReportError } from "../emitter.ts"
import { closedReason, LabaFailure, type Reason } from "../reason.ts"
import type { State } from "../state-machine.ts"
import type { Channel, ChannelEvents, ChannelState, Reset, Subscription } from "./channel.ts"
import type { Message } from "./message.ts"
import { createUnreadMessages } from "./unread-messages.ts"

/** The subscription, as its handles see it. */
export interface HandleOwner {
  readonly state: State
  readonly cursor: string | null
  /** How it was subscribed last. */
  readonly subscription: Subscription | null
  presence: Channel["presence"]
  /** Who is listened for may have changed. */
  listenersChanged(): void
  /** There may be room again for what was held back. */
  drained(): void
  leave(handle: ChannelHandle, reason: Reason): void
}

export interface ChannelHandle {
  readonly channel: Channel
  /** From now on it is this one's. */
  moveTo(owner: HandleOwner): void
  has(event: keyof ChannelEvents): boolean
  emit<Name extends keyof ChannelEvents>(name: Name, event: ChannelEvents[Name]): void
  emitState(state: ChannelState): void
  push(message: Message): void
  reset(reset: Reset): void
  /** Somebody takes its messages. */
  hasReader(): boolean
  isFull(): boolean
  /** Forgets what nobody has taken. Who begins to is told of the hole. */
  skip(cursor: string): void
  end(reason: Reason): void
}

interface ChannelHandleOptions {
  readonly name: string
  readonly bufferMax: number
  readonly report: ReportError
  publish: Channel["publish"]
}

export function createChannelHandle(options: ChannelHandleOptions, firstOwner: HandleOwner): ChannelHandle {
  const { name, bufferMax, report, publish } = options
  const emitter = createEmitter<ChannelEvents>(report)
  let owner = firstOwner
  let over: Reason | null = null
  // A channel that was open before: this user of it stands where it stood then, whatever it was subscribed with.
  let joined: Subscription | null = null
  const { state, cursor, subscription } = owner
  if (state === "open" && subscription)
    joined = { ...subscription, cursor: cursor || subscription.cursor, recovered: false }

  const unread = createUnreadMessages({
    name,
    max: bufferMax,
    emitter,
    report,
    drained: () => owner.drained(),
  })
  const listenersChanged = (): void => {
    if (!over) owner.listenersChanged()
  }
  const end = (reason: Reason): void => {
    if (over) return
    over = reason
    emitter.emit("state", { state: "closed", reason })
    unread.end(reason.code === "closed" ? undefined : new LabaFailure(reason))
  }
  const off: Channel["off"] = (event, listener) => {
    emitter.off(event, listener)
    listenersChanged()
  }

  const handle: ChannelHandle = {
    channel: {
      name,
      get state() {
        return over ? "closed" : owner.state
      },
      get cursor() {
        return owner.cursor
      },
      on(event, listener) {
        emitter.on(event, listener)
        if (event === "message") unread.listenerCame()
        listenersChanged()
        return () => off(event, listener)
      },
      off,
      ready() {
        if (over) return Promise.reject(new LabaFailure(over))
        if (owner.state === "open") return Promise.resolve((joined || owner.subscription) as Subscription)
        return new Promise((resolve, reject) => {
          const stop = emitter.on("state", ({ state: now, reason }) => {
            if (now === "open") resolve(owner.subscription as Subscription)
            else if (now === "closed") reject(new LabaFailure(reason as Reason))
            else return
            stop()
          })
        })
      },
      // Whom the server lets publish and not listen, may still publish.
      publish: (data, more) =>
        over?.code === "closed" ? Promise.reject(new LabaFailure(over)) : publish(data, more),
      presence: () => owner.presence(),
      close() {
        if (over) return
        const reason = closedReason("channel")
        end(reason)
        owner.leave(handle, reason)
      },
      [Symbol.asyncIterator]: unread.iterate,
    },
    ...emitter,
    ...unread,
    moveTo(next) {
      owner = next
    },
    emitState(news) {
      if (news.state === "open") joined = null
      emitter.emit("state", news)
    },
    end,
  }
  return handle
}
