// One channel, subscribed again from its cursor on every connection, for all who use it. Knows commands and answers; does
// not know transports.
import type { History, ServerFrame } from "../../wire/frames.ts"
import { type Backoff, waitAfter } from "../../wire/backoff.ts"
import type { SendCommand } from "../connection/pending-commands.ts"
import type { Environment } from "../environment.ts"
import { makeReason, type Reason, reasonOf } from "../reason.ts"
import { type Event, type State, transition } from "../state-machine.ts"
import type { Channel, ChannelEvents, ChannelOptions, Subscription } from "./channel.ts"
import { type ChannelHandle, createChannelHandle, type HandleOwner } from "./channel-handle.ts"
import { createChannelPresence } from "./channel-presence.ts"
import { readMessage } from "./message.ts"

/** What the connection needs of a channel. */
export interface ChannelSubscription {
  /** A user of it, under the name that they call it by. */
  open(name: string, publish: Channel["publish"]): Channel
  /** The connection is open. */
  connected(): void
  /** The connection is away. */
  disconnected(reason: Reason): void
  /** A frame about this channel that answers no command. */
  receive(frame: ServerFrame): void
  end(reason: Reason): void
  /** The server has moved or ended its listener on another one's account: it goes back to where it stood. */
  resubscribe(): void
  /** Takes over those of another one, which the server has found to be the same channel and has put in this one's place. */
  takeOver(handles: Iterable<ChannelHandle>, history: History): void
}

export interface SubscriptionContext {
  readonly backoff: Backoff
  readonly bufferMax: number
  readonly environment: Pick<Environment, "clock" | "random" | "report">
  readonly sendCommand: SendCommand
  isConnected(): boolean
  /** What the server calls the channel; its frames carry that name. Answers another subscription that has it already. */
  named(name: string): ChannelSubscription | null
  /** The server listens to it no longer, under whatever name that was asked for. */
  unsubscribed(name: string): void
  /** It is over. */
  closed(): void
}

/** Two names of one channel are one subscription, and that starts where it stands. */
export const alreadyOpen = (name: string): Reason =>
  makeReason("bad_cursor", "stay-away", `${name} is open already; close it to start elsewhere.`)

/** `isAttached`: the server began it, and where it starts is nobody's wish. */
export type SubscriptionOptions = ChannelOptions & { readonly isAttached?: boolean }

export function createSubscription(
  name: string,
  options: SubscriptionOptions,
  context: SubscriptionContext,
): ChannelSubscription {
  const { backoff, bufferMax, environment, sendCommand, isConnected, named, unsubscribed, closed } = context
  const { clock, random, report } = environment
  const handles = new Set<ChannelHandle>()
  let state: State = "idle"
  let cursor = options.after || null
  let subscription: Subscription | null = null
  let reason: Reason | null = null
  let failures = 0
  let cancelWait = (): void => {}
  // Which subscribe is the last one: the answer to an earlier one says nothing any more.
  let last = 0

  /** A copy, because who is told may close or open some. */
  const forEach = (tell: (handle: ChannelHandle) => void): void => [...handles].forEach(tell)
  const some = (is: (handle: ChannelHandle) => boolean): boolean => [...handles].some(is)

  const presence = createChannelPresence({
    name,
    emitter: {
      has: (event) => some((handle) => handle.has(event)),
      emit<Name extends keyof ChannelEvents>(event: Name, value: ChannelEvents[Name]): void {
        forEach((handle) => handle.emit(event, value))
      },
    },
    sendCommand,
    isConnected,
    isOpen: () => state === "open",
  })

  /** Somebody has more unread than may wait. Who takes no messages holds up nobody who does: they are skipped for them. */
  const isFull = (): boolean => {
    if (some((handle) => handle.hasReader()))
      forEach((handle) => {
        if (handle.isFull() && !handle.hasReader()) handle.skip(cursor as string)
      })
    return some((handle) => handle.isFull())
  }
  /** It waits for its readers, and the server keeps the rest. */
  const isResting = (): boolean => reason?.code === "buffer_full"

  const go = (event: Event, why: Reason | null = null): void => {
    const [to, ...actions] = transition(state, event)
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
    forEach((handle) => {
      if (state === "closed") handle.end(why as Reason)
      else handle.emitState({ state, reason, ...(state === "open" && subscription) })
    })
  }
  /** It ends or rests, by what the reason says. */
  const goBy = (why: Reason): void =>
    go(why.retry === "stay-away" ? "refused" : why.retry === "at-once" ? "dropped" : "lost", why)

  const unsubscribe = (): void =>
    sendCommand({ op: "unsubscribe", channel: name }, (reply) => {
      if (reply?.op === "unsubscribed") unsubscribed(reply.channel)
    })
  const subscribe = (): void => {
    const mine = ++last
    sendCommand({ op: "subscribe", channel: name, ...(cursor !== null && { after: cursor }) }, (reply) => {
      if (mine !== last || state !== "connecting" || !reply) return
      if (reply.op === "error") return goBy(reasonOf(reply))
      if (reply.op !== "subscribed") return
      const { recovered, history } = reply
      const other = named(reply.channel)
      if (other) return mergeInto(other, history)
      failures = 0
      // Not resumed: a reset follows and brings the cursor. Taken now, and the connection lost before the reset, the
      // next one would resume from there and nobody would ever be told.
      if (cursor === null || recovered) cursor = reply.cursor
      subscription = { cursor: reply.cursor, recovered, history }
      go("ready")
      presence.listenersChanged()
    })
  }
  /** Another one is this channel already. Who asked for a place of their own in it cannot have it. */
  const mergeInto = (other: ChannelSubscription, history: History): void => {
    state = "closed"
    const isRefused = options.after !== undefined && !options.isAttached
    if (isRefused) for (const handle of handles) handle.end(alreadyOpen(name))
    other.takeOver(isRefused ? [] : handles, history)
    handles.clear()
  }

  const owner: HandleOwner = {
    get state() {
      return state
    },
    get cursor() {
      return cursor
    },
    get subscription() {
      return subscription
    },
    presence: presence.query,
    listenersChanged: presence.listenersChanged,
    drained() {
      if (isResting() && isConnected() && !isFull()) go("start")
    },
    leave(handle, why) {
      handles.delete(handle)
      presence.listenersChanged()
      if (handles.size > 0) owner.drained()
      else go("close", why)
    },
  }

  const self: ChannelSubscription = {
    open(as, publish) {
      const handle = createChannelHandle({ name: as, bufferMax, report, publish }, owner)
      handles.add(handle)
      return handle.channel
    },
    connected() {
      if (!isFull()) go("start")
    },
    disconnected(why) {
      presence.disconnected()
      if (!isResting()) go("pause", why)
    },
    receive(frame) {
      // Until the answer to the last subscribe, what comes belongs to the one before.
      if (state !== "open") return
      if (frame.op === "members") presence.receive(frame)
      else if (frame.op === "message") {
        cursor = frame.cursor
        const message = readMessage(frame)
        forEach((handle) => handle.push(message))
        // Lossless: the server keeps the rest, and the cursor stands at the last one taken.
        if (isFull()) go("pause", makeReason("buffer_full", "at-once", "Messages wait to be read."))
      } else if (frame.op === "reset") {
        cursor = frame.cursor
        forEach((handle) => handle.reset({ cursor: frame.cursor, reason: frame.reason }))
      } else if (frame.op === "error") goBy(reasonOf(frame))
    },
    end: (why) => go("close", why),
    takeOver(others, history) {
      for (const handle of others) {
        handles.add(handle)
        handle.moveTo(owner)
      }
      // The server has one listener for a channel, and has just moved it.
      if (state !== "open") {
        if (isResting() && isConnected()) unsubscribe()
      } else if (history === "kept") self.resubscribe()
      else for (const handle of others) handle.emitState({ state, reason, ...subscription })
      presence.listenersChanged()
    },
    resubscribe() {
      if (state === "open")
        go("dropped", makeReason("network", "at-once", "The channel has another name, too."))
    },
  }
  return self
}
