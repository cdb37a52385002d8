// The subscriptions of one client, by channel. What is not there cannot be removed, and one that was replaced or removed
// takes no other with it.
import type { Channel } from "../../channels/channel.ts"
import type { Subscription } from "./subscription.ts"

export class Subscriptions implements Iterable<Subscription> {
  /** Most clients have one, and a map for each of a million would cost more than all else of theirs. */
  private only: Subscription | null = null
  private byChannel: Map<Channel, Subscription> | null = null

  get size(): number {
    return this.byChannel?.size ?? (this.only ? 1 : 0)
  }

  get(channel: Channel): Subscription | undefined {
    if (this.byChannel) return this.byChannel.get(channel)
    return this.only?.channel === channel ? this.only : undefined
  }

  /** Takes the place of whatever was there for the same channel. */
  add(subscription: Subscription): void {
    if (this.byChannel) this.byChannel.set(subscription.channel, subscription)
    else if (!this.only || this.only.channel === subscription.channel) this.only = subscription
    else {
      this.byChannel = new Map([this.only, subscription].map((one) => [one.channel, one]))
      this.only = null
    }
  }

  /** False when it is not there, or no longer: then nothing is changed. */
  delete(subscription: Subscription): boolean {
    if (this.get(subscription.channel) !== subscription) return false
    if (this.byChannel) this.byChannel.delete(subscription.channel)
    else this.only = null
    return true
  }

  *[Symbol.iterator](): Iterator<Subscription> {
    if (this.byChannel) yield* this.byChannel.values()
    else if (this.only) yield this.only
  }
}
