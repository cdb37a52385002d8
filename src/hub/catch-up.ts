// Catches a listener up with what it missed, then makes it live. Pages of history, then what the ring holds beyond, then
// the bucket: the last two in one turn, so that nothing falls between.
import type { ResetReason } from "../../wire/frames.ts"
import type { Engine, Message, PageBounds } from "../engines/engine.ts"
import { Entry, payloadBytes } from "../protocols/protocol.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Listener } from "../transports/transport.ts"
import type { Audience } from "./audience.ts"
import { isStarted, type Outside } from "./membership.ts"
import type { ReplayTurns } from "./replay-turns.ts"

/** What all replays of a node share. */
export interface CatchUpNode {
  readonly engine: Engine
  readonly counters: Counters
  readonly turns: ReplayTurns
  /** Of one page: what a reader may be given when it is ready. */
  readonly bounds: () => PageBounds
  /** A message was read. Its audience may not have heard it yet. */
  readonly onRead: (audience: Audience, message: Message) => void
  /** The audience stands elsewhere than what was read. Resolves when it has made up for that, or cannot now. */
  readonly behind: (audience: Audience) => Promise<void>
}

/** Makes a listener live that lacks nothing, and tells it where it stands. */
export function startAtHead(audience: Audience, listener: Listener, recovered: boolean): void {
  audience.move(listener, "at-head")
  listener.start({ position: audience.position, recovered, history: audience.history })
}

/** Makes a listener live at the head and tells it to reload. It may close on hearing so; then it has left by itself. */
export function resetAtHead(
  { audience, listener }: { readonly audience: Audience; readonly listener: Listener },
  reason: ResetReason,
  counters: Counters,
): void {
  counters.countReset(reason)
  const started = isStarted(listener)
  audience.move(listener, "at-head")
  if (!started) listener.start({ position: audience.position, recovered: false, history: audience.history })
  listener.reset(audience.position, reason)
}

/** Replays what came after the position of `replay`. */
export async function catchUp(replay: Outside, node: CatchUpNode): Promise<void> {
  const { audience, listener } = replay
  const { turns } = node
  const run: Run = { replay, node }
  while (isOn(replay)) {
    const turn = turns.take(listener.outbox)
    if (turn) await turn
    let ready: Promise<void> | null = null
    let isBehind = false
    try {
      if (isOn(replay)) ready = listener.ready()
      if (!ready && isOn(replay)) isBehind = (await replayPage(run)) === "behind"
    } finally {
      turns.done(listener.outbox)
    }
    if (ready) await ready
    else if (isBehind) await node.behind(audience)
  }
}

interface Run {
  readonly replay: Outside
  readonly node: CatchUpNode
}

/** Whether this very replay goes on: its listener has neither left nor skipped. */
const isOn = (replay: Outside): boolean => replay.listener.membership === replay && !replay.listener.closed

/** Gives one page, from the ring where it reaches so far, and makes the listener live when it has all. */
async function replayPage(run: Run): Promise<"given" | "behind"> {
  const { replay, node } = run
  const { audience } = replay
  if (replay.started && giveFromRing(run)) return "given"
  const page = await node.engine.history(audience.channel, replay.position, audience.rule.keep, node.bounds())
  if (!isOn(replay)) return "given"
  if ("reset" in page) {
    resetAtHead(replay, page.reset, node.counters)
    return "given"
  }
  if (!replay.started) {
    replay.started = true
    replay.listener.start({ position: replay.position, recovered: true, history: audience.history })
    // One that must hear of all its channels before it can be given anything is given this page later.
    if (!isOn(replay) || replay.listener.ready()) return "given"
  }
  if (page.messages.length > 0)
    give(
      run,
      page.messages.map((message) => new Entry(message)),
    )
  // An engine that answers later may have shown here what it has not delivered yet.
  for (const message of page.messages) node.onRead(audience, message)
  if (!isOn(replay) || page.more || giveFromRing(run)) return "given"
  // Behind a deleted and refilled channel the epochs differ; reading again with the old position answers the reset.
  return stands(run) ? "given" : "behind"
}

/** Whether the replay is in the audience's own numbering, and not ahead of it. */
const stands = ({ replay: { position, audience } }: Run): boolean =>
  position.epoch === audience.epoch && position.offset <= audience.head

/** Gives what the ring holds beyond the position, a page of it at most. False when it does not reach back so far. */
function giveFromRing(run: Run): boolean {
  const { replay, node } = run
  const { audience, listener } = replay
  const beyond = stands(run) ? audience.since(replay.position.offset) : null
  if (!beyond) return false
  const page = firstPage(beyond, node.bounds())
  if (page.length > 0) {
    // After a page of history another one would be too much at once.
    if (listener.ready()) return true
    give(run, page)
  }
  if (page.length < beyond.length || !isOn(replay)) return true
  node.counters.resumed++
  audience.move(listener, "at-head")
  return true
}

function give({ replay, node }: Run, entries: readonly Entry[]): void {
  node.counters.delivered += entries.length
  node.counters.deliveredBytes += payloadBytes(entries)
  const { epoch, offset } = (entries[entries.length - 1] as Entry).message
  replay.position = { epoch, offset }
  replay.listener.write(entries)
}

/** As many as fit within the bounds, at least one. */
function firstPage(entries: readonly Entry[], bounds: PageBounds): readonly Entry[] {
  let bytes = 0
  for (let i = 0; i < entries.length; i++) {
    bytes += (entries[i] as Entry).message.bytes
    if (i > 0 && (bytes > bounds.bytes || i >= bounds.messages)) return entries.slice(0, i)
  }
  return entries
}
