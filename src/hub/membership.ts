// What the hub notes of a listener, by its phase: nothing but what the phase needs. A live listener has no note of its
// own; it shares its bucket.
import type { Position } from "../../wire/cursor.ts"
import type { Channel } from "../channels/channel.ts"
import type { Group, GroupKind, Listener, Membership, Phase } from "../transports/transport.ts"
import type { Audience } from "./audience.ts"

/** Its channel is being opened. A new one for each join, so that a late answer finds out whether it is still meant. */
export class Joining implements Membership {
  readonly phase = "joining"
  readonly channel: Channel

  constructor(channel: Channel) {
    this.channel = channel
  }
}

/** In the audience and in no bucket: it reads history, or skips until its reader has drained. A new one for each time. */
export class Outside implements Membership {
  readonly phase: "replaying" | "aside"
  readonly audience: Audience
  readonly listener: Listener
  /** What it was given last, as far as is known. */
  position: Position
  /** It was told where it stands. */
  started: boolean

  constructor(
    phase: "replaying" | "aside",
    options: {
      readonly audience: Audience
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

/** Live listeners of one kind, which stand at one position. */
export class Bucket implements Membership {
  readonly audience: Audience
  readonly kind: GroupKind
  readonly group: Group
  /** Offset of the last message its listeners were given. */
  offset: number

  constructor(audience: Audience, kind: GroupKind, offset: number) {
    this.audience = audience
    this.kind = kind
    this.group = kind.make()
    this.offset = offset
  }

  // No field: there may be a million buckets of one listener each.
  get phase(): "live" {
    return "live"
  }
}

/** Whether this very replay goes on: its listener has neither left nor skipped. */
export const isOn = (replay: Outside): boolean =>
  replay.listener.membership === replay && !replay.listener.closed

/** The hub's own note in a listener; null while it is gone. */
export const membershipOf = (listener: Listener): Joining | Outside | Bucket | null =>
  listener.membership as Joining | Outside | Bucket | null

export const phaseOf = (listener: Listener): Phase => listener.membership?.phase ?? "gone"

/** What it listens to, or is about to; null while it is gone. */
export function channelOf(listener: Listener): Channel | null {
  const membership = membershipOf(listener)
  if (!membership) return null
  return "audience" in membership ? membership.audience.channel : membership.channel
}

/** Where it is, once its channel is open. */
export function audienceOf(listener: Listener): Audience | null {
  const membership = membershipOf(listener)
  return membership && "audience" in membership ? membership.audience : null
}

/** What it was given last, as far as its bucket knows, or where its replay stands; the head while it is joining. */
export function positionOf(listener: Listener, audience: Audience): Position {
  const membership = membershipOf(listener)
  if (membership?.phase === "live") return { epoch: audience.epoch, offset: membership.offset }
  return membership && "position" in membership ? membership.position : audience.position
}

/** Whether it was told where it stands: at the latest when it became live. */
export function isStarted(listener: Listener): boolean {
  const membership = membershipOf(listener)
  if (membership?.phase === "live") return true
  return membership !== null && "started" in membership && membership.started
}
