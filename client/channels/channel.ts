// The contract of a channel as the application holds it. What keeps it is in subscription.ts.
import type { History, PresenceMember } from "../../wire/frames.ts"
import type { Published, PublishOptions } from "../publishing/publish-queue.ts"
import type { Reason } from "../reason.ts"
import type { State } from "../state-machine.ts"
import type { Message } from "./message.ts"

/** What `ready` resolves with. */
export interface Subscription {
  readonly cursor: string
  /** True when everything since the last cursor follows. */
  readonly recovered: boolean
  readonly history: History
}

export interface ChannelState extends Partial<Subscription> {
  readonly state: State
  readonly reason: Reason | null
}

/** The position could not be resumed from: something may be missing here, and the application reloads. */
export interface Reset {
  readonly cursor: string
  readonly reason: string
}

export interface ChannelEvents {
  message: Message
  state: ChannelState
  reset: Reset
  /** Who is there, after every change and every answer to `presence()`. */
  presence: readonly PresenceMember[]
  /** A user came. While the connection was away too: it is told when it is back. */
  join: PresenceMember
  /** A user left: no connection of theirs has listened for some seconds. */
  leave: PresenceMember
}

/** A channel that is listened to, as one who asked for it holds it: closing it closes nobody else's. Iterating gives its messages; a reset ends the iteration unless `reset` has a listener. */
export interface Channel extends AsyncIterable<Message> {
  readonly name: string
  readonly state: State
  /** Where it stands; null before it ever was subscribed. Listening after it elsewhere misses nothing. */
  readonly cursor: string | null
  /** Adds a listener; returns how to take it away. Messages wait for the first one. */
  on<Name extends keyof ChannelEvents>(name: Name, listener: (event: ChannelEvents[Name]) => void): () => void
  off<Name extends keyof ChannelEvents>(name: Name, listener: (event: ChannelEvents[Name]) => void): void
  /** Resolves when it is subscribed; rejects when it is closed. */
  ready(): Promise<Subscription>
  /** Rejects with `closed` once this handle was closed here; where the server has ended it, the server decides. */
  publish(data: unknown, options?: PublishOptions): Promise<Published | null>
  /** Who is there, where the channel's rule keeps that. Rejects when the connection is not open. */
  presence(): Promise<readonly PresenceMember[]>
  close(): void
}

export interface ChannelOptions {
  /** Start after this cursor instead of now. */
  readonly after?: string
}
