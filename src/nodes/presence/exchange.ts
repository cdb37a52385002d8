// The contract between a node's own presence and the other nodes': each says who is on it, and hears what others say.
// A node's word is the only word about its own users, so nothing is ever counted twice or left behind by a node that died.
import type { PresenceMember } from "../../../wire/frames.ts"
import type { Channel } from "../../channels/channel.ts"

/** What changed on one node. */
export interface Announcement {
  readonly joined: readonly PresenceMember[]
  readonly left: readonly string[]
  /** How many guests there are now. */
  readonly guests: number
}

/** All that one node says of a channel. */
export interface Part {
  readonly members: readonly PresenceMember[]
  readonly guests: number
}

/** Who hears what other nodes say of one channel. */
export interface PresenceEar {
  change(node: string, announcement: Announcement): void
  /** Another part in the place of all that the node has said. */
  replace(node: string, part: Part): void
  /** The node is gone. Who is on no other node a grace later has left. */
  drop(node: string): void
}

/** Where the exchange reads what this node has to say, whenever it must be said anew as a whole. */
export interface PresenceSource {
  /** Channels of which this node has something to say. */
  channels(): Iterable<Channel>
  part(channel: Channel): Part
  /** The same, to be told as a whole: what changed since the last announcement is in it, and is not announced again. */
  takePart(channel: Channel): Part
}

export interface PresenceExchange {
  /** Says it from now on for this source. Before anything else. */
  begin(source: PresenceSource): void
  /** Tells the others. What cannot be told now is told later, as a whole. */
  announce(channel: Channel, announcement: Announcement): void
  /** Hears a channel: resolves when everything that was said is known. Throws `engine_unavailable`. Once a channel. */
  observe(channel: Channel, ear: PresenceEar): Promise<void>
  unobserve(channel: Channel): void
}
