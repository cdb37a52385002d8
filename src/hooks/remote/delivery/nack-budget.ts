// How many nacked messages wait to be told to one backend, and who nacked how many of them. Bounded, since a client may nack all that it gets
// while the backend is away.
import { SharedBudget } from "../../../bounds/shared-budget.ts"
import type { NackEvent, NotificationEvent } from "../remote.ts"
import { senderOf } from "./fair-queue.ts"

/** Messages, all clients together. With an id of 26 bytes and its share of an event each it is a few MB. */
export const nackedMessagesMax = 10_000

export class NackBudget {
  private readonly messages = new SharedBudget(() => nackedMessagesMax)

  hasRoomFor(event: NackEvent): boolean {
    return this.messages.hasRoomFor(nackerOf(event), event.messages.length)
  }

  take(event: NotificationEvent): void {
    if (event.kind === "nack") this.messages.take(nackerOf(event), event.messages.length)
  }

  giveBack(event: NotificationEvent): void {
    if (event.kind === "nack") this.messages.giveBack(nackerOf(event), event.messages.length)
  }
}

/** A user, or the connection of who is none. */
const nackerOf = ({ user, connection }: NackEvent): string => senderOf(user, connection)
