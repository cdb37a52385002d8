// One channel, subscribed again from its cursor on every connection. Knows commands and answers; does not know transports.
import type { ServerFrame } from "../wire/frames.ts"
import { createAttendance } from "./attendance.ts"
import { type Backoff, waitAfter } from "./backoff.ts"
import type { Channel, ChannelEvents, ChannelOptions, Subscription } from "./channel.ts"
import type { Environment } from "./environment.ts"
import { createInbox, type Reset } from "./inbox.ts"
import { createListeners } from "./listeners.ts"
import { type Event, type State, step } from "./machine.ts"
import { readMessage } from "./message.ts"
import { LabaFailure, type Reason, reasonOfFrame } from "./reason.ts"
import type { Ask } from "./replies.ts"

/** What the connection needs of a channel. */
export interface Subscribed {
  readonly channel: Channel
  /** The connection is open. */
  attach(): void
  /** The connection is away. */
  detach(reason: Reason): void
  /** A frame about this channel that answers no command. */
  hear(frame: ServerFrame): void
  end(reason: Reason): void
}

export interface Surroundings {
  readonly backoff: Backoff
  readonly bufferMax: number
  readonly environment: Pick<Environment, "clock" | "random" | "report">
  readonly ask: Ask
  isConnected(): boolean
  publish: Channel["publish"]
  /** What the server calls the channel; its frames carry that name. */
  named(name: string): void
  /** The application closed it. */
  closed(): void
}

export function createSubscription(name: string, options: ChannelOptions, around: Surroundings): Subscribed {
  const { backoff, bufferMax, environment, ask, isConnected, publish, named, closed } = around
  const { clock, random, report } = environment
  const listeners = createListeners<ChannelEvents>(report)
  const waiters = new Set<{ resolve(subscription: Subscription): void; reject(error: Error): void }>()
  let state: State = "idle"
  let cursor = options.after || null
  let subscription: Subscription | null = null
  let reason: Reason | null = null
  let failures = 0
  let cancelWait = (): void => {}
  // Which subscribe is the last one: the answer to an earlier one says nothing any more.
  let turn = 0

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
    drained: () => {
      if (reason?.code === "buffer_full" && isConnected()) go("start")
    },
  })
  const attendance = createAttendance({ name, listeners, ask, isConnected, isOpen: () => state === "open" })

  const go = (event: Event, why: Reason | null = null): void => {
    const [to, ...actions] = step(state, event)
    const isNews = to !== state
    state = to
    if (isNews) reason = why
    for (const action of actions) {
      cancelWait()
      if (action === "dial") subscribe()
      else if (action === "wait")
        cancelWait = clock.after(waitAfter(reason, backoff, ++failures, random), () => go("due"))
      else if (action === "hang-up" && event !== "refused" && isConnected())
        ask({ op: "unsubscribe", channel: name }, () => {})
    }
    if (isNews) listeners.emit("state", { state, reason, ...(state === "open" ? subscription : {}) })
    if (isNews && state === "closed") finish(why as Reason)
  }
  const finish = (why: Reason): void => {
    const failure = new LabaFailure(why)
    for (const { reject } of waiters) reject(failure)
    waiters.clear()
    inbox.end(why.code === "closed" ? undefined : failure)
  }

  const subscribe = (): void => {
    const mine = ++turn
    ask({ op: "subscribe", channel: name, ...(cursor === null ? {} : { after: cursor }) }, (reply) => {
      if (mine !== turn || state !== "connecting" || !reply) return
      if (reply.op === "error") return go(eventOf(reply), reasonOfFrame(reply))
      if (reply.op !== "subscribed") return
      failures = 0
      named(reply.channel)
      // Not resumed: a reset follows and brings the cursor. Taken now, and the connection lost before the reset, the
      // next one would resume from there and nobody would ever be told.
      if (cursor === null || reply.recovered) cursor = reply.cursor
      subscription = { cursor: reply.cursor, recovered: reply.recovered, history: reply.history }
      go("ready")
      for (const { resolve } of waiters) resolve(subscription)
      waiters.clear()
      attendance.review()
    })
  }

  const hear = (frame: ServerFrame): void => {
    // Until the answer to the last subscribe, what comes belongs to the one before.
    if (state !== "open") return
    if (frame.op === "members") attendance.hear(frame)
    else if (frame.op === "message") {
      cursor = frame.cursor
      inbox.push(readMessage(frame))
      // Lossless: the server keeps the rest, and the cursor stands at the last one taken.
      if (inbox.isFull())
        go("pause", { code: "buffer_full", retry: "at-once", detail: "Messages wait to be read." })
    } else if (frame.op === "reset") {
      cursor = frame.cursor
      inbox.reset({ cursor: frame.cursor, reason: frame.reason })
    } else if (frame.op === "error") go(eventOf(frame), reasonOfFrame(frame))
  }

  const channel: Channel = {
    name,
    get state() {
      return state
    },
    get cursor() {
      return cursor
    },
    on(event, listener) {
      const off = listeners.on(event, listener)
      if (event === "message") inbox.listenerCame()
      attendance.review()
      return () => {
        off()
        attendance.review()
      }
    },
    off(event, listener) {
      listeners.off(event, listener)
      attendance.review()
    },
    ready() {
      if (state === "open") return Promise.resolve(subscription as Subscription)
      if (state === "closed") return Promise.reject(new LabaFailure(reason as Reason))
      return new Promise((resolve, reject) => waiters.add({ resolve, reject }))
    },
    publish,
    presence: attendance.ask,
    close() {
      go("close", { code: "closed", retry: "stay-away", detail: "The application closed the channel." })
      closed()
    },
    [Symbol.asyncIterator]: () => inbox.iterate(),
  }
  return {
    channel,
    attach() {
      if (!inbox.isFull()) go("start")
    },
    detach: (why) => {
      attendance.detach()
      if (reason?.code !== "buffer_full") go("pause", why)
    },
    hear,
    end: (why) => go("close", why),
  }
}

/** What an error means for a subscription. */
function eventOf({ retry }: { readonly retry: Reason["retry"] }): Event {
  return retry === "stay-away" ? "refused" : retry === "at-once" ? "dropped" : "lost"
}
