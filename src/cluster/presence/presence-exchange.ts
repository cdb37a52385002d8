// The contract between a node's own presence and the other nodes': each announces who is on it, and receives what others announce.
// A node's word is the only word about its own users, so nothing is ever counted twice or left behind by a node that died.
import type { PresenceMember } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"

/** What changed on one node. */
export interface PresenceUpdate {
  readonly joined: readonly PresenceMember[]
  readonly left: readonly string[]
  /** How many guests there are now. */
  readonly guests: number
}

/** All that one node announces of a channel. */
export interface PresenceSnapshot {
  readonly members: readonly PresenceMember[]
  readonly guests: number
}

/** Who is told what other nodes announce of one channel. */
export interface PresenceReceiver {
  change(node: string, update: PresenceUpdate): void
  /** Another snapshot in the place of all that the node has announced. */
  replace(node: string, snapshot: PresenceSnapshot): void
  /** The node is gone. Who is on no other node a grace later has left. */
  drop(node: string): void
}

/** Where the exchange reads what this node has to announce, whenever it must be announced anew as a whole. */
export interface PresenceSource {
  /** Channels of which this node has something to announce. */
  channels(): Iterable<Channel>
  snapshot(channel: Channel): PresenceSnapshot
  /** A snapshot that will be announced: clears the changes that waited to be, since they are in it. */
  takeSnapshot(channel: Channel): PresenceSnapshot
}

export interface PresenceExchange {
  /** Announces from now on for this source. Before anything else. */
  begin(source: PresenceSource): void
  /** Tells the others. What cannot be told now is told later, as a whole. */
  announce(channel: Channel, update: PresenceUpdate): void
  /** Observes a channel: resolves when everything that was announced is known. Throws `engine_unavailable`. Once a channel. */
  observe(channel: Channel, receiver: PresenceReceiver): Promise<void>
  unobserve(channel: Channel): void
}
