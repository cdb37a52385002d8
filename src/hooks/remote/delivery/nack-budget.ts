// How many nacked messages wait to be told to one backend, and who nacked how many of them. Bounded, since a client may nack all that it gets
// while the backend is away.
import type { NackEvent, NotificationEvent } from "../remote.ts"
import { senderOf } from "./fair-queue.ts"

/** Messages, all clients together. With an id of 26 bytes and its share of an event each it is a few MB. */
export const nackedMessagesMax = 10_000

export class NackBudget {
  private messages = 0
  private readonly bySender = new Map<string, number>()

  /** One client may have as many as are still free, so that the next one always finds room. */
  hasRoomFor(event: NackEvent): boolean {
    const own = this.bySender.get(nackerOf(event)) ?? 0
    return own + event.messages.length <= nackedMessagesMax - this.messages
  }

  take(event: NotificationEvent): void {
    if (event.kind === "nack") this.add(event, event.messages.length)
  }

  giveBack(event: NotificationEvent): void {
    if (event.kind === "nack") this.add(event, -event.messages.length)
  }

  private add(event: NackEvent, count: number): void {
    this.messages += count
    const sender = nackerOf(event)
    const own = (this.bySender.get(sender) ?? 0) + count
    if (own > 0) this.bySender.set(sender, own)
    else this.bySender.delete(sender)
  }
}

/** A user, or the connection of who is none. */
const nackerOf = ({ user, connection }: NackEvent): string => senderOf(user, connection)
