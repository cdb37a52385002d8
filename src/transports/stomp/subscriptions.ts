// The subscriptions of one STOMP client, by the key that its frames name them by.
import type { Channel } from "../../channels/channel.ts"
import { AcknowledgedSubscription, readAckId } from "./acknowledged-subscription.ts"
import type { AckCommand } from "../../protocols/stomp/commands.ts"
import type { StompSubscription } from "./subscription.ts"

/** What an ACK is about. `over`: of a subscription that has ended since; nothing is left to be done. */
type Acknowledged =
  { readonly subscription: AcknowledgedSubscription; readonly messageId: string } | "over" | "unknown"

export class Subscriptions implements Iterable<StompSubscription> {
  private readonly byKey = new Map<string, StompSubscription>()
  private readonly bySerial = new Map<number, AcknowledgedSubscription>()
  private serials = 0

  get size(): number {
    return this.byKey.size
  }

  get channels(): readonly Channel[] {
    return [...new Set(Array.from(this.byKey.values(), ({ channel }) => channel))]
  }

  nextSerial(): number {
    return ++this.serials
  }

  get(key: string): StompSubscription | undefined {
    return this.byKey.get(key)
  }

  add(subscription: StompSubscription): void {
    this.byKey.set(subscription.key, subscription)
    if (subscription instanceof AcknowledgedSubscription) this.bySerial.set(subscription.serial, subscription)
  }

  /** False when it is not there, or no longer. */
  delete(subscription: StompSubscription): boolean {
    if (this.byKey.get(subscription.key) !== subscription) return false
    this.byKey.delete(subscription.key)
    if (subscription instanceof AcknowledgedSubscription) this.bySerial.delete(subscription.serial)
    return true
  }

  /** What an ACK or a NACK is about. */
  acknowledged({ ack, messageId, subscription: key }: AckCommand): Acknowledged {
    if (ack !== undefined) return this.byAck(ack)
    if (messageId === undefined) return "unknown"
    const candidates = key === undefined ? [...this.bySerial.values()] : [this.byKey.get(key)]
    for (const one of candidates)
      if (one instanceof AcknowledgedSubscription && one.has(messageId))
        return { subscription: one, messageId }
    return "unknown"
  }

  *[Symbol.iterator](): Iterator<StompSubscription> {
    yield* this.byKey.values()
  }

  private byAck(ack: string): Acknowledged {
    const read = readAckId(ack)
    if (!read || read.serial === 0 || read.serial > this.serials) return "unknown"
    const subscription = this.bySerial.get(read.serial)
    if (!subscription) return "over"
    return subscription.has(read.messageId) ? { subscription, messageId: read.messageId } : "unknown"
  }
}
