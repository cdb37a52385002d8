// Keeps a connection: its states, and what each of them asks for. Everything else is in the parts put together here.
import { waitAfter } from "../wire/backoff.ts"
import { withPayload } from "./channels/message.ts"
import { createSubscriptions } from "./channels/subscriptions.ts"
import { createDial } from "./connection/dialer.ts"
import type { DialEvents, ReadyTransport } from "./connection/handshake.ts"
import { createHeartbeat, type Heartbeat } from "./connection/heartbeat.ts"
import { createPendingCommands, type SendCommand } from "./connection/pending-commands.ts"
import { createPreferredTransport } from "./connection/preferred-transport.ts"
import { createTokenRefresher } from "./connection/token-refresher.ts"
import { createEmitter } from "./emitter.ts"
import { globalEnvironment } from "./global-environment.ts"
import type { Laba, LabaEvents } from "./laba.ts"
import { type Options, settingsOf } from "./options.ts"
import { createPublishQueue } from "./publishing/publish-queue.ts"
import { closedReason, LabaFailure, makeReason, type Reason, reasonOf } from "./reason.ts"
import { type Action, type Event, type State, transition } from "./state-machine.ts"
import type { TransportEnvironment, TransportEvents, TransportName } from "./transports/transport.ts"

/** An open connection that lived so long was a good one: the next loss begins counting anew. */
const stableMs = 5_000

/** Connects to the server at `url` (default: where the page came from), and stays connected. */
export function connect(url = globalThis.location?.origin ?? "", options: Options = {}): Laba {
  const settings = settingsOf(options)
  const { token, transports, upgradeMs, whenHidden } = settings
  const baseUrl = url.replace(/\/+$/, "")
  if (!baseUrl) throw new TypeError("outside of a page the server's address is needed")
  const environment: TransportEnvironment = { ...globalEnvironment(), ...settings, baseUrl }
  const { clock, random, page, report } = environment
  const emitter = createEmitter<LabaEvents>(report)
  const dial = createDial(environment, settings)
  const preferred = createPreferredTransport(baseUrl, environment, settings.rememberMs)
  const pending = createPendingCommands()

  let state: State = "idle"
  let reason: Reason | null = null
  let ready: ReadyTransport | null = null
  let heartbeat: Heartbeat | null = null
  let failures = 0
  let openedAt = 0
  let cancelWait = (): void => {}
  let callOffDial = (): void => {}
  let cancelUpgrade = (): void => {}

  const sendCommand: SendCommand = (frame, onReply) => {
    ready?.transport.send([pending.add(frame, onReply)])
  }
  const publishes = createPublishQueue(settings, environment, sendCommand)
  const subscriptions = createSubscriptions({
    ...settings,
    environment,
    sendCommand,
    isConnected: () => ready !== null,
    publish: publishes.publish,
    attached(channel) {
      const isHeard = emitter.has("channel")
      emitter.emit("channel", channel)
      return isHeard
    },
  })
  const refresher = token && createTokenRefresher(token, clock, sendCommand)

  const go = (event: Event, why: Reason | null = null): void => {
    const [to, ...todo] = transition(state, event)
    const isNews = to !== state
    state = to
    if (isNews) reason = why
    for (const action of todo) actions[action]()
    // A move to a better transport is news too.
    if (isNews || event === "ready") emitter.emit("state", { state, reason, transport: ready && ready.name })
    if (!isNews || state !== "closed") return
    unwatchPage()
    publishes.close(why as Reason)
    subscriptions.end(why as Reason)
  }

  const letGo = (): void => {
    cancelWait()
    callOffDial()
    cancelUpgrade()
    disconnect()
  }
  const disconnect = (): void => {
    if (!ready) return
    const { transport } = ready
    ready = null
    heartbeat?.stop()
    refresher?.stop()
    publishes.disconnected()
    transport.close()
    pending.dropAll()
    subscriptions.disconnected(
      reason || makeReason("network", "at-once", "The connection moves to a better transport."),
    )
  }

  /** The transport, or the attempt to get one, came to an end. */
  const ended = (why: Reason): void => {
    if (state === "open" && clock.now() - openedAt >= stableMs) failures = 0
    failures++
    // A token that ran out while it was in use is no refusal: the function gives a fresh one.
    const canRenew = why.code === "token_expired" && token && state === "open"
    if (why.retry === "stay-away" && !canRenew) go("refused", why)
    else go((canRenew || why.retry === "at-once") && failures < 2 ? "dropped" : "lost", why)
  }

  const dialEvents: DialEvents = {
    opened(next) {
      preferred.remember(next.name)
      disconnect()
      ready = next
      go("ready")
    },
    failed: ended,
  }
  const planUpgrade = (name: TransportName): void => {
    const better = transports.slice(0, transports.indexOf(name))
    if (better.length === 0) return
    cancelUpgrade = clock.after(upgradeMs, () => {
      cancelUpgrade = dial(better, { ...dialEvents, failed: () => planUpgrade(name) })
    })
  }

  const transportEvents: TransportEvents = {
    closed: ended,
    alive: () => heartbeat?.received(),
    frame(frame) {
      heartbeat?.received()
      if (pending.settle(frame)) return
      if (frame.op === "expiring") refresher?.refresh()
      else if (frame.op === "direct") emitter.emit("direct", withPayload({}, frame))
      else if ("channel" in frame && frame.channel)
        subscriptions.receive(frame as typeof frame & { channel: string })
      else if (frame.op === "error") ended(reasonOf(frame))
    },
  }

  const actions: Record<Action, () => void> = {
    dial() {
      letGo()
      callOffDial = dial(preferred.order(transports), dialEvents)
    },
    wait() {
      letGo()
      cancelWait = clock.after(waitAfter(reason, settings.backoff, failures, random), () => go("due"))
    },
    settle() {
      if (!ready) return
      const { name, transport, hello, tokenSeconds, forwardTo } = ready
      openedAt = clock.now()
      heartbeat = createHeartbeat({
        clock,
        heartbeatMs: hello.heartbeat * 1000,
        probeMs: settings.probeMs,
        ping: () => transport.send([{ op: "ping" }]),
        timedOut: () => ended(makeReason("silent", "at-once", "Nothing came in time.")),
      })
      forwardTo(transportEvents)
      refresher?.expiresIn(tokenSeconds)
      publishes.connected(hello.limits.messageBytes)
      subscriptions.connected()
      planUpgrade(name)
    },
    probe: () => heartbeat?.probe(),
    "hang-up": letGo,
  }

  const unwatchPage = page((event) => {
    if (event !== "hidden") go(event)
    else if (whenHidden === "close") go("pause", makeReason("hidden", "at-once", "The page is hidden."))
  })

  go("start")
  return {
    get state() {
      return state
    },
    get transport() {
      return ready && ready.name
    },
    get connection() {
      return ready && ready.hello.connection
    },
    channel(name, after = {}) {
      if (state === "closed") throw new LabaFailure(reason as Reason)
      return subscriptions.channel(name, after)
    },
    publish: publishes.publish,
    on: emitter.on,
    off: emitter.off,
    close: () => go("close", closedReason("connection")),
  }
}
