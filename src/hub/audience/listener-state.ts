// What the hub notes of a listener, by its phase: nothing but what the phase needs. A live listener has no note of its
// own; it shares its bucket.
import type { Position } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Listener, ListenerState, Phase } from "../../transports/transport.ts"
import type { Bucket } from "./bucket.ts"

/** Its channel is being opened. A new one for each join, so that a late answer finds out whether it is still meant. */
export class Joining implements ListenerState {
  readonly phase = "joining"
  readonly channel: Channel

  constructor(channel: Channel) {
    this.channel = channel
  }
}

/** In an audience and in no bucket: it reads history, or skips until its reader has drained. A new one for each time. */
export class Ungrouped<In = unknown> implements ListenerState {
  readonly phase: "replaying" | "skipping"
  readonly audience: In
  readonly listener: Listener
  /** What it was given last, as far as is known. */
  position: Position
  /** It was told where it stands. */
  started: boolean

  constructor(
    phase: "replaying" | "skipping",
    options: {
      readonly audience: In
      readonly listener: Listener
      readonly position: Position
      readonly started: boolean
    },
  ) {
    this.phase = phase
    this.audience = options.audience
    this.listener = options.listener
    this.position = options.position
    this.started = options.started
  }
}

/** Whether this very replay goes on: its listener has neither left nor skipped. */
export const isCurrent = (replay: Ungrouped): boolean =>
  replay.listener.hubState === replay && !replay.listener.closed

/** The hub's own note in a listener; null while it is gone. */
export const stateOf = (listener: Listener): Joining | Ungrouped | Bucket | null =>
  listener.hubState as Joining | Ungrouped | Bucket | null

export const phaseOf = (listener: Listener): Phase => listener.hubState?.phase ?? "gone"

/** What it was given last, as far as its bucket knows, or where its replay stands; the head while it is joining. */
export function positionOf(
  listener: Listener,
  audience: { readonly epoch: string; readonly position: Position },
): Position {
  const state = stateOf(listener)
  if (state?.phase === "live") return { epoch: audience.epoch, offset: state.offset }
  return state && "position" in state ? state.position : audience.position
}

/** A replay goes on behind `after`. Nothing for one that does not read history. */
export function rewind(listener: Listener, after: Position): void {
  const state = stateOf(listener)
  if (state?.phase === "replaying") (state as Ungrouped).position = after
}

/** Whether it was told where it stands: at the latest when it became live. */
export function isStarted(listener: Listener): boolean {
  const state = stateOf(listener)
  if (state?.phase === "live") return true
  return state !== null && "started" in state && state.started
}
