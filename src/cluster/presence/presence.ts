// The contract of presence: who listens to a channel, where its rule keeps that. Members are users; connections without
// one are guests, counted and not named. It refuses to know frames, sockets and how nodes tell each other.
//
// A user is there while at least one of their connections listens, on any node, and for a grace afterwards: who loses the
// connection and comes back has not left. What is told of a channel is net: nobody leaves twice, and who left and came
// back between two changes did neither.
import type { Channel } from "../../channels/channel.ts"
import type { MaybePromise } from "../../engines/engine.ts"
import type { PresenceMember } from "../../../wire/frames.ts"

/** A connection that listens, as presence sees it. */
export interface PresenceHandle {
  /** The connection listens no longer. Said once more, it changes nothing. */
  leave(): void
}

/** Which of many members: from a slot on, so many at most. */
export interface PageRequest {
  readonly from: number
  readonly limit: number
}

/** Who is there. */
export interface PresencePage {
  /** A page of them, in no order that means anything. */
  readonly members: readonly PresenceMember[]
  /** Where the next page begins; null when there is none. */
  readonly next: number | null
  /** Users, all of them, on all nodes. */
  readonly users: number
  /** Connections that belong to no user. */
  readonly guests: number
}

/** What changed since subscribers were told last. */
export interface PresenceChange {
  readonly joined: readonly PresenceMember[]
  readonly left: readonly string[]
  readonly users: number
  readonly guests: number
}

/** Somebody who is told of changes. It never throws. */
export interface PresenceSubscriber {
  changed(channel: Channel, change: PresenceChange): void
}

export interface Presence {
  /** A connection begins to listen. Null where the rule keeps no presence: there is nothing to leave. */
  join(channel: Channel, user: string | undefined): PresenceHandle | null
  /** Who is there now. Throws `not_found` where none is kept, and `engine_unavailable`. */
  list(channel: Channel, page: PageRequest): MaybePromise<PresencePage>
  /**
   * Tells of every change from now on, and answers what the others who subscribe have been told so far, at most so many members of it:
   * nothing of the answer is told again, and nothing is missing between. Subscribing twice is subscribing once.
   */
  subscribe(channel: Channel, subscriber: PresenceSubscriber, membersMax: number): MaybePromise<PresencePage>
  unsubscribe(channel: Channel, subscriber: PresenceSubscriber): void
  /** The rules have changed: who is in a channel that keeps no presence any more is forgotten. */
  rulesChanged(): void
  stop(): void
}
