// Catches a listener up with what it missed, then makes it live. Pages of history, then what the ring holds beyond, then
// the bucket: the last two in one turn, so that nothing falls between.
import { isForeignPosition, type Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Engine, Message, PageBounds } from "../../engines/engine.ts"
import { PreparedMessage, payloadBytes } from "../prepared-message.ts"
import type { Counters } from "../../telemetry/counters.ts"
import type { Listener } from "../../transports/transport.ts"
import type { Audience, UngroupedListener } from "../audience/audience.ts"
import { isCurrent, isStarted } from "../audience/listener-state.ts"

/** What all replays of a node share. */
export interface CatchUpContext {
  readonly engine: Engine
  readonly counters: Counters
  /** Of one page: what a reader may be given when it is ready. */
  readonly boundsFor: (listener: Listener) => PageBounds
  /** A message was read. Its audience may not have heard it yet. */
  readonly onRead: (audience: Audience, message: Message) => void
}

/** Makes a listener live that lacks nothing, and tells it where it stands. */
export function startAtHead(audience: Audience, listener: Listener, recovered: boolean): void {
  audience.move(listener, "at-head")
  listener.start({ position: audience.position, recovered, history: audience.history })
}

/** Why a position cannot be resumed from. An engine knows only that it is not in its numbering. */
export const reasonOf = (position: Position, reason: ResetReason): ResetReason =>
  reason === "epoch" && isForeignPosition(position) ? "other-channels" : reason

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

/**
 * Gives one page of what came after the position of a replay, from the ring where it reaches so far, and makes the listener
 * live when it has all. `behind`: what was read is ahead of the audience, or of another numbering. Throws what the engine throws.
 */
export async function givePage(
  replay: UngroupedListener,
  context: CatchUpContext,
): Promise<"given" | "behind"> {
  const { audience } = replay
  if (replay.started && giveFromRing(replay, context)) return "given"
  const page = await context.engine.history(
    audience.channel,
    replay.position,
    audience.rule.keep,
    context.boundsFor(replay.listener),
  )
  if (!isCurrent(replay)) return "given"
  if ("reset" in page) {
    resetAtHead(replay, reasonOf(replay.position, page.reset), context.counters)
    return "given"
  }
  if (!replay.started) {
    replay.started = true
    replay.listener.start({ position: replay.position, recovered: true, history: audience.history })
    // One that must hear of all its channels before it can be given anything is given this page later.
    if (!isCurrent(replay) || replay.listener.ready()) return "given"
  }
  if (page.messages.length > 0)
    give(
      replay,
      page.messages.map((message) => new PreparedMessage(message)),
      context,
    )
  // An engine that answers later may have shown here what it has not delivered yet.
  for (const message of page.messages) context.onRead(audience, message)
  if (!isCurrent(replay) || page.more || giveFromRing(replay, context)) return "given"
  // Behind a deleted and refilled channel the epochs differ; reading again with the old position answers the reset.
  return isAtOrBehindHead(replay) ? "given" : "behind"
}

/** Whether the replay is in the audience's own numbering, and not ahead of it. */
const isAtOrBehindHead = ({ position, audience }: UngroupedListener): boolean =>
  position.epoch === audience.epoch && position.offset <= audience.head

/** Gives what the ring holds beyond the position, a page of it at most. False when it does not reach back so far. */
function giveFromRing(replay: UngroupedListener, context: CatchUpContext): boolean {
  const { audience, listener } = replay
  const beyond = isAtOrBehindHead(replay) ? audience.since(replay.position.offset) : null
  if (!beyond) return false
  const page = firstPage(beyond, context.boundsFor(listener))
  if (page.length > 0) {
    // After a page of history another one would be too much at once.
    if (listener.ready()) return true
    give(replay, page, context)
  }
  // It may have taken less than it was given.
  if (!isCurrent(replay) || replay.position.offset < audience.head) return true
  context.counters.resumed++
  audience.move(listener, "at-head")
  return true
}

function give(
  replay: UngroupedListener,
  messages: readonly PreparedMessage[],
  { counters }: CatchUpContext,
): void {
  counters.delivered += messages.length
  counters.deliveredBytes += payloadBytes(messages)
  const { epoch, offset } = (messages[messages.length - 1] as PreparedMessage).message
  replay.position = { epoch, offset }
  replay.listener.write(messages)
}

/** As many as fit within the bounds, at least one. */
function firstPage(messages: readonly PreparedMessage[], bounds: PageBounds): readonly PreparedMessage[] {
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    bytes += (messages[i] as PreparedMessage).message.bytes
    if (i > 0 && (bytes > bounds.bytes || i >= bounds.messages)) return messages.slice(0, i)
  }
  return messages
}
