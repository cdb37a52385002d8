// Where a connection is said to be, once a channel however many of its subscriptions listen there.
import type { Presence, PresenceHandle } from "../../cluster/presence/presence.ts"
import type { Channel } from "../../channels/channel.ts"

interface Place {
  readonly handle: PresenceHandle
  subscriptions: number
}

export class ChannelPresence {
  private readonly presence: Presence
  /** Channels whose rule keeps presence. */
  private places: Map<Channel, Place> | null = null

  constructor(presence: Presence) {
    this.presence = presence
  }

  enter(channel: Channel, user: string | undefined): void {
    const known = this.places?.get(channel)
    if (known) {
      known.subscriptions++
      return
    }
    const handle = this.presence.join(channel, user)
    if (!handle) return
    this.places ??= new Map()
    this.places.set(channel, { handle, subscriptions: 1 })
  }

  leave(channel: Channel): void {
    const place = this.places?.get(channel)
    if (!place) return
    place.subscriptions--
    if (place.subscriptions > 0) return
    this.places?.delete(channel)
    place.handle.leave()
  }
}
