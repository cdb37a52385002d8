// Keeps a connection: its states, and what each of them asks for. Everything else is in the parts put together here.
import { waitAfter } from "./backoff.ts"
import { createDial } from "./connection/dialer.ts"
import { type Environment, globalEnvironment } from "./environment.ts"
import type { Laba, LabaEvents } from "./laba.ts"
import { createListeners } from "./emitter.ts"
import { type Action, type Event, type State, step } from "./state-machine.ts"
import { withPayload } from "./channels/message.ts"
import { type Options, settingsOf } from "./options.ts"
import { createPublishing } from "./publishing/publish-queue.ts"
import { createPulse, type Pulse } from "./connection/heartbeat.ts"
import { LabaFailure, type Reason, reasonOfFrame } from "./reason.ts"
import { createRefresher } from "./connection/token-refresher.ts"
import { createRemembered } from "./connection/preferred-transport.ts"
import { type Ask, createReplies } from "./connection/pending-commands.ts"
import { createRoster } from "./channels/subscriptions.ts"
import type { Ear, Site, TransportName } from "./transports/transport.ts"
import type { Winner } from "./connection/handshake.ts"

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
  const remembered = createRemembered(site.base, environment, settings.rememberMs)
  const replies = createReplies()

  let state: State = "idle"
  let reason: Reason | null = null
  let winner: Winner | null = null
  let pulse: Pulse | null = null
  let failures = 0
  let openedAt = 0
  let cancelWait = (): void => {}
  let callOffDial = (): void => {}
  let cancelUpgrade = (): void => {}

  const ask: Ask = (frame, answered) => {
    winner?.line.send([replies.expect(frame, answered)])
  }
  const publishing = createPublishing(settings, environment, ask)
  const roster = createRoster({
    ...settings,
    environment,
    ask,
    isConnected: () => winner !== null,
    publish: publishing.publish,
    attached(channel) {
      const isHeard = listeners.has("channel")
      listeners.emit("channel", channel)
      return isHeard
    },
  })
  const refresher = settings.token && createRefresher(settings.token, clock, ask)

  const actions: Record<Action, () => void> = {
    dial() {
      letGo()
      callOffDial = dial(remembered.order(settings.transports), { won, failed: ended })
    },
    wait() {
      letGo()
      cancelWait = clock.after(waitAfter(reason, settings.backoff, failures, random), () => go("due"))
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
    roster.detach(reason || switching)
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
    roster.attach()
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
    frame(frame) {
      pulse?.heard()
      if (replies.take(frame)) return
      if (frame.op === "expiring") refresher?.refresh()
      else if (frame.op === "direct") listeners.emit("direct", withPayload({}, frame))
      else if ("channel" in frame && frame.channel) roster.hear(frame as typeof frame & { channel: string })
      else if (frame.op === "error") ended(reasonOfFrame(frame))
    },
  }

  const finish = (why: Reason): void => {
    stopPage()
    publishing.close(why)
    roster.end(why)
  }
  const stopPage = page((event) => {
    if (event !== "hidden") go(event)
    else if (settings.whenHidden === "close")
      go("pause", { code: "hidden", retry: "at-once", detail: "The page is hidden." })
  })

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
      return roster.channel(name, after)
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
