// One channel, subscribed again from its cursor on every connection, for all who use it. Knows commands and answers; does
// not know transports.
import type { History, ServerFrame } from "../../wire/frames.ts"
import { createAttendance } from "./channel-presence.ts"
import { type Backoff, waitAfter } from "../backoff.ts"
import type { Channel, ChannelEvents, ChannelOptions, Subscription } from "./channel.ts"
import type { Environment } from "../environment.ts"
import { createHandle, type Handle, type Source } from "./channel-handle.ts"
import { type Event, type State, step } from "../state-machine.ts"
import { readMessage } from "./message.ts"
import { type Reason, reasonOfFrame } from "../reason.ts"
import type { Ask } from "../connection/pending-commands.ts"

/** What the connection needs of a channel. */
export interface Subscribed {
  /** A user of it, under the name that they call it by. */
  open(name: string, publish: Channel["publish"]): Channel
  /** The connection is open. */
  attach(): void
  /** The connection is away. */
  detach(reason: Reason): void
  /** A frame about this channel that answers no command. */
  hear(frame: ServerFrame): void
  end(reason: Reason): void
  /** The server has moved or ended its listener on another one's account: it goes back to where it stood. */
  goBack(): void
  /** Takes over those of another one, which the server has found to be the same channel and has put in this one's place. */
  takeOver(handles: Iterable<Handle>, history: History): void
}

export interface Surroundings {
  readonly backoff: Backoff
  readonly bufferMax: number
  readonly environment: Pick<Environment, "clock" | "random" | "report">
  readonly ask: Ask
  isConnected(): boolean
  /** What the server calls the channel; its frames carry that name. Answers another subscription that has it already. */
  named(name: string): Subscribed | null
  /** The server listens to it no longer, under whatever name that was asked for. */
  unsubscribed(name: string): void
  /** It is over. */
  closed(): void
}

/** Two names of one channel are one subscription, and that starts where it stands. */
export const openAlready = (name: string): Reason => ({
  code: "bad_cursor",
  retry: "stay-away",
  detail: `${name} is open already; close it to start elsewhere.`,
})

const moved: Reason = {
  code: "network",
  retry: "at-once",
  detail: "The channel has another name, too.",
}

/** `isAttached`: the server began it, and where it starts is nobody's wish. */
export type SubscriptionOptions = ChannelOptions & { readonly isAttached?: boolean }

export function createSubscription(
  name: string,
  options: SubscriptionOptions,
  around: Surroundings,
): Subscribed {
  const { backoff, bufferMax, environment, ask, isConnected, named, unsubscribed, closed } = around
  const { clock, random, report } = environment
  const handles = new Set<Handle>()
  let state: State = "idle"
  let cursor = options.after || null
  let subscription: Subscription | null = null
  let reason: Reason | null = null
  let failures = 0
  let cancelWait = (): void => {}
  // Which subscribe is the last one: the answer to an earlier one says nothing any more.
  let turn = 0

  const attendance = createAttendance({
    name,
    listeners: {
      has: (event) => [...handles].some((handle) => handle.has(event)),
      emit<Name extends keyof ChannelEvents>(event: Name, value: ChannelEvents[Name]): void {
        for (const handle of [...handles]) handle.emit(event, value)
      },
    },
    ask,
    isConnected,
    isOpen: () => state === "open",
  })

  /** Somebody has more unread than may wait. Who takes no messages holds up nobody who does: they are skipped for them. */
  const isFull = (): boolean => {
    const all = [...handles]
    if (all.some((handle) => handle.isRead()))
      for (const handle of all) if (handle.isFull() && !handle.isRead()) handle.skip(cursor as string)
    return all.some((handle) => handle.isFull())
  }

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
      else if (action === "hang-up" && event !== "refused" && isConnected()) unsubscribe()
    }
    if (!isNews) return
    if (state === "closed") closed()
    for (const handle of [...handles]) {
      if (state === "closed") handle.end(why as Reason)
      else handle.tell({ state, reason, ...(state === "open" ? subscription : {}) })
    }
  }

  const unsubscribe = (): void =>
    ask({ op: "unsubscribe", channel: name }, (reply) => {
      if (reply?.op === "unsubscribed") unsubscribed(reply.channel)
    })
  const subscribe = (): void => {
    const mine = ++turn
    ask({ op: "subscribe", channel: name, ...(cursor === null ? {} : { after: cursor }) }, (reply) => {
      if (mine !== turn || state !== "connecting" || !reply) return
      if (reply.op === "error") return go(eventOf(reply), reasonOfFrame(reply))
      if (reply.op !== "subscribed") return
      const other = named(reply.channel)
      if (other) return giveUpTo(other, reply.history)
      failures = 0
      // Not resumed: a reset follows and brings the cursor. Taken now, and the connection lost before the reset, the
      // next one would resume from there and nobody would ever be told.
      if (cursor === null || reply.recovered) cursor = reply.cursor
      subscription = { cursor: reply.cursor, recovered: reply.recovered, history: reply.history }
      go("ready")
      attendance.review()
    })
  }
  /** Another one is this channel already. Who asked for a place of their own in it cannot have it. */
  const giveUpTo = (other: Subscribed, history: History): void => {
    state = "closed"
    const isRefused = options.after !== undefined && !options.isAttached
    if (isRefused) for (const handle of handles) handle.end(openAlready(name))
    other.takeOver(isRefused ? [] : handles, history)
    handles.clear()
  }

  const source: Source = {
    get state() {
      return state
    },
    get cursor() {
      return cursor
    },
    get subscription() {
      return subscription
    },
    presence: attendance.ask,
    review: attendance.review,
    drained() {
      if (reason?.code === "buffer_full" && isConnected() && !isFull()) go("start")
    },
    leave(handle, why) {
      handles.delete(handle)
      attendance.review()
      if (handles.size > 0) source.drained()
      else go("close", why)
    },
  }

  const subscribed: Subscribed = {
    open(as, publish) {
      const handle = createHandle({ name: as, bufferMax, report, publish }, source)
      handles.add(handle)
      return handle.channel
    },
    attach() {
      if (!isFull()) go("start")
    },
    detach: (why) => {
      attendance.detach()
      if (reason?.code !== "buffer_full") go("pause", why)
    },
    hear(frame) {
      // Until the answer to the last subscribe, what comes belongs to the one before.
      if (state !== "open") return
      if (frame.op === "members") attendance.hear(frame)
      else if (frame.op === "message") {
        cursor = frame.cursor
        const message = readMessage(frame)
        for (const handle of [...handles]) handle.push(message)
        // Lossless: the server keeps the rest, and the cursor stands at the last one taken.
        if (isFull())
          go("pause", { code: "buffer_full", retry: "at-once", detail: "Messages wait to be read." })
      } else if (frame.op === "reset") {
        cursor = frame.cursor
        for (const handle of [...handles]) handle.reset({ cursor: frame.cursor, reason: frame.reason })
      } else if (frame.op === "error") go(eventOf(frame), reasonOfFrame(frame))
    },
    end: (why) => go("close", why),
    takeOver(others, history) {
      for (const handle of others) {
        handles.add(handle)
        handle.move(source)
      }
      // The server has one listener for a channel, and has just moved it.
      if (state !== "open") {
        if (reason?.code === "buffer_full" && isConnected()) unsubscribe()
      } else if (history === "kept") subscribed.goBack()
      else for (const handle of others) handle.tell({ state, reason, ...subscription })
      attendance.review()
    },
    goBack() {
      if (state === "open") go("dropped", moved)
    },
  }
  return subscribed
}

/** What an error means for a subscription. */
function eventOf({ retry }: { readonly retry: Reason["retry"] }): Event {
  return retry === "stay-away" ? "refused" : retry === "at-once" ? "dropped" : "lost"
}
