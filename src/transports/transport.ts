// The contract of a transport, as the hub sees it: listeners that are written to one by one while they catch up, and
// groups that are written to all at once after that. Transports know bytes and frames, never rules.
import type { Position } from "../../wire/cursor.ts"
import type { Code } from "../../wire/codes.ts"
import type { History, ResetReason } from "../../wire/frames.ts"
import type { PreparedMessage } from "../hub/prepared-message.ts"

/** How a listener begins: the position it stands at, before any message. */
export interface Start {
  readonly position: Position
  /** It gave a cursor, and everything since follows. */
  readonly recovered: boolean
  readonly history: History
}

/**
 * Where a listener is in its life, which the hub leads it through.
 * - `gone`: in no channel: not joined yet, left, or ended.
 * - `joining`: its channel is being opened.
 * - `replaying`: history is read for it.
 * - `live`: a member of a group.
 * - `skipping`: its reader is slow and skips messages until it has drained.
 */
export type Phase = "gone" | "joining" | "replaying" | "live" | "skipping"

/** What the hub notes of a listener. Opaque to transports, but for the phase. */
export interface ListenerState {
  readonly phase: Exclude<Phase, "gone">
}

/**
 * One connection's subscription to one channel. It is one object, so the hub and its group keep their notes in it.
 * The methods never throw.
 */
export interface Listener {
  readonly kind: GroupKind
  /** Null while it is gone. Written by the hub alone. */
  hubState: ListenerState | null
  /** Its index in its group. Written by the group alone. */
  groupIndex: number
  /** What listeners share that wait for the same reader: they are replayed in turn. Known by identity alone. */
  readonly outbox: object
  /** How many messages it takes of the next page of a replay, at least one. Left out: a whole one. */
  readonly messagesMax?: number
  /** True once it cannot be written to any more; the hub then stops. */
  readonly closed: boolean
  /** The cursor comes first: called once, before any message, and before `reset`. */
  start(start: Start): void
  /** Messages for this listener alone, in order, while it catches up. The list is the caller's: copy what is to be kept. */
  write(messages: readonly PreparedMessage[]): void
  /** Null when it can take a page of replay now, else a promise for when it can, or is closed. Never rejects. Asked before each page. */
  ready(): Promise<void> | null
  /** It stands at `position` now, and is not told what lies between. */
  reset(position: Position, reason: ResetReason): void
  /** It has left the hub. Ends this subscription with a code; what else its connection carries is the transport's to decide. */
  end(code: Code): void
}

/** Listeners that are written to alike. Made by a transport; filled and emptied by the hub. */
export interface Group {
  readonly members: readonly Listener[]
  add(listener: Listener): void
  remove(listener: Listener): void
  /** Every member gets every message, in order; the list is the caller's; what is written in one turn leaves in one write a member. */
  write(messages: readonly PreparedMessage[]): void
}

/** What tells groups apart: the same kind, the same bytes. Compared by identity. */
export interface GroupKind {
  readonly name: string
  /** What one write costs a member, and what each further message in it adds, in microseconds: slices are planned by it. */
  readonly writeMicros: number
  readonly messageMicros: number
  /** The transport itself joins what is written in one turn, so nothing is won by waiting for the end of it. */
  readonly joins: boolean
  make(): Group
}
