// The connection as the application holds it: its states, its channels, its publishes. Everything else is in the parts
// that this file puts together.
import type { ServerFrame } from "../wire/frames.ts"
import { waitMs } from "./backoff.ts"
import type { Channel, ChannelOptions } from "./channel.ts"
import { createDial } from "./dialer.ts"
import { type Environment, globalEnvironment, type PageEvent } from "./environment.ts"
import { createListeners } from "./listeners.ts"
import { type Action, type Event, type State, step } from "./machine.ts"
import { readBase64 } from "./message.ts"
import { type Options, settingsOf } from "./options.ts"
import { createPublishing, type Published, type PublishOptions } from "./publishing.ts"
import { createPulse, type Pulse } from "./pulse.ts"
import { LabaFailure, type Reason } from "./reason.ts"
import { createRefresher } from "./refresher.ts"
import { createRemembered } from "./remembered.ts"
import { type Answered, createReplies } from "./replies.ts"
import { createSubscription, type Subscribed } from "./subscription.ts"
import type { Ear, Site, TransportName } from "./transport.ts"
import type { Winner } from "./trial.ts"

export interface ConnectionState {
  readonly state: State
  readonly reason: Reason | null
  /** While open. */
  readonly transport: TransportName | null
}

/** Pushed to this connection alone; not kept. */
export interface Direct {
  readonly type: string
  readonly data: unknown
}

export interface LabaEvents {
  state: ConnectionState
  /** The server attached this channel by itself. */
  channel: Channel
  direct: Direct
}

/** One connection to one server, shared by all its channels. It comes back by itself until it is closed. */
export interface Laba {
  readonly state: State
  readonly transport: TransportName | null
  /** The id of the connection that is open; null while none is. */
  readonly connection: string | null
  /** The channel of that name, subscribed. The same object until it is closed. */
  channel(name: string, options?: ChannelOptions): Channel
  /**
   * Resolves when the server has accepted it, however many connections that takes, and with null when its application took it
   * and wanted it not published; rejects with a `LabaFailure`.
   */
  publish(channel: string, data: unknown, options?: PublishOptions): Promise<Published | null>
  on<Name extends keyof LabaEvents>(name: Name, listener: (event: LabaEvents[Name]) => void): () => void
  off<Name extends keyof LabaEvents>(name: Name, listener: (event: LabaEvents[Name]) => void): void
  close(): void
}

/** An open connection that lived so long was a good one: the next loss begins counting anew. */
const stableMs = 5_000

/** Connects to the server at `url` (default: where the page came from), and stays connected. */
export function connect(url = globalThis.location?.origin ?? "", options: Options = {}): Laba {
  const settings = settingsOf(options)
  const environment: Environment = { ...globalEnvironment(), ...options }
  const { clock, random, page, report } = environment
  const site: Site = { ...environment, base: url.replace(/\/+$/, ""), credentials: settings.credentials }
  const listeners = createListeners<LabaEvents>(report)
  const dial = createDial(site, settings, options)
  const remembered = createRemembered(environment.storage, clock, settings.rememberMs)
  const replies = createReplies()
  const channels = new Map<string, Subscribed>()
  // By the name that the server gave them, which may be spelled otherwise.
  const routes = new Map<string, Subscribed>()

  let state: State = "idle"
  let reason: Reason | null = null
  let winner: Winner | null = null
  let pulse: Pulse | null = null
  let failures = 0
  let openedAt = 0
  let cancelWait = (): void => {}
  let callOffDial = (): void => {}
  let cancelUpgrade = (): void => {}

  const ask = (frame: Parameters<typeof replies.expect>[0], answered: Answered): void => {
    winner?.line.send([replies.expect(frame, answered)])
  }
  const publishing = createPublishing(settings, environment, ask)
  const refresher = settings.token && createRefresher(settings.token, clock, ask)

  const actions: Record<Action, () => void> = {
    dial() {
      letGo()
      callOffDial = dial(remembered.order(settings.transports), { won, failed: ended })
    },
    wait() {
      letGo()
      const ms = Math.max(waitMs(settings.backoff, failures, random), reason?.retryAfterMs || 0)
      cancelWait = clock.after(ms, () => go("due"))
    },
    settle() {
      if (winner) attach(winner)
    },
    probe: () => pulse?.probe(),
    "hang-up": () => letGo(),
  }

  const go = (event: Event, why: Reason | null = null): void => {
    const [to, ...todo] = step(state, event)
    const isNews = to !== state
    state = to
    if (isNews) reason = why
    for (const action of todo) actions[action]()
    // A move to a better transport is news too.
    if (isNews || event === "ready")
      listeners.emit("state", { state, reason, transport: winner && winner.name })
    if (isNews && state === "closed") finish(why as Reason)
  }

  const letGo = (): void => {
    cancelWait()
    callOffDial()
    cancelUpgrade()
    detach()
  }
  const detach = (): void => {
    if (!winner) return
    const { line } = winner
    winner = null
    pulse?.stop()
    refresher?.stop()
    publishing.detach()
    line.close()
    replies.drop()
    for (const one of channels.values()) one.detach(reason || switching)
  }

  const won = (next: Winner): void => {
    remembered.keep(next.name)
    detach()
    winner = next
    go("ready")
  }
  const attach = (next: Winner): void => {
    openedAt = clock.now()
    pulse = createPulse({
      clock,
      heartbeatMs: next.hello.heartbeat * 1000,
      probeMs: settings.probeMs,
      ping: () => next.line.send([{ op: "ping" }]),
      dead: () => ended({ code: "silent", retry: "at-once", detail: "Nothing came in time." }),
    })
    next.hand(ear)
    refresher?.expect(next.tokenSeconds)
    publishing.attach(next.hello.limits.messageBytes)
    for (const one of channels.values()) one.attach()
    planUpgrade(next.name)
  }

  /** The line, or the attempt to get one, came to an end. */
  const ended = (why: Reason): void => {
    if (state === "open" && clock.now() - openedAt >= stableMs) failures = 0
    failures++
    // A token that ran out while it was in use is no refusal: the function gives a fresh one.
    const canRenew = why.code === "token_expired" && settings.token && state === "open"
    if (why.retry === "stay-away" && !canRenew) go("refused", why)
    else go((canRenew || why.retry === "at-once") && failures < 2 ? "dropped" : "lost", why)
  }

  const planUpgrade = (name: TransportName): void => {
    const better = settings.transports.slice(0, settings.transports.indexOf(name))
    if (better.length === 0) return
    const cancel = clock.after(settings.upgradeMs, () => {
      cancelUpgrade = dial(better, { won, failed: () => planUpgrade(name) })
    })
    cancelUpgrade = cancel
  }

  const ear: Ear = {
    lost: ended,
    alive: () => pulse?.heard(),
    frame(frame: ServerFrame) {
      pulse?.heard()
      if (replies.take(frame)) return
      if (frame.op === "direct") {
        listeners.emit("direct", {
          type: frame.type,
          data: frame.base64 ? readBase64(frame.data as string) : frame.data,
        })
      } else if (frame.op === "subscribed") attached(frame)
      else if ("channel" in frame && frame.channel) routes.get(frame.channel)?.hear(frame)
      else if (frame.op === "error") ended(frame)
    },
  }

  /** A subscription that was not asked for. Ours takes its place, so that from here on it is like every other. */
  const attached = ({ channel, cursor, history }: ServerFrame & { op: "subscribed" }): void => {
    if (channels.has(channel) || routes.has(channel)) return
    listeners.emit("channel", open(channel, history === "kept" ? { after: cursor } : {}))
  }

  const finish = (why: Reason): void => {
    stopPage()
    publishing.close(why)
    for (const one of channels.values()) one.end(why)
    channels.clear()
    routes.clear()
  }
  const stopPage = page((event: PageEvent) => {
    if (event !== "hidden") go(event)
    else if (settings.whenHidden === "close")
      go("pause", { code: "hidden", retry: "at-once", detail: "The page is hidden." })
  })

  const open = (name: string, after: ChannelOptions): Channel => {
    const one = createSubscription(name, after, {
      ...settings,
      environment,
      ask,
      isConnected: () => winner !== null,
      publish: (data, more) => publishing.publish(name, data, more),
      named: (wireName) => routes.set(wireName, one),
      closed() {
        channels.delete(name)
        for (const [wireName, route] of routes) if (route === one) routes.delete(wireName)
      },
    })
    channels.set(name, one)
    if (winner) one.attach()
    return one.channel
  }

  go("start")
  return {
    get state() {
      return state
    },
    get transport() {
      return winner && winner.name
    },
    get connection() {
      return winner && winner.hello.connection
    },
    channel(name, after = {}) {
      if (state === "closed") throw new LabaFailure(reason as Reason)
      const known = channels.get(name)
      if (!known) return open(name, after)
      if (after.after === undefined) return known.channel
      throw new LabaFailure({
        code: "bad_cursor",
        retry: "stay-away",
        detail: `${name} is open already; close it to start elsewhere.`,
      })
    },
    publish: publishing.publish,
    on: listeners.on,
    off: listeners.off,
    close: () =>
      go("close", { code: "closed", retry: "stay-away", detail: "The application closed the connection." }),
  }
}

const switching: Reason = {
  code: "network",
  retry: "at-once",
  detail: "The connection moves to a better transport.",
}
