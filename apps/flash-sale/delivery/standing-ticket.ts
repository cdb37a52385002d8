// Which of a user's tickets matters. Usually the newest; but an older order that was paid late is live again, and then
// it is what the user has. What a channel says last is about this one.
import { isLive, type OrderState } from "../model/order.ts"

/** As much of a ticket as it takes to choose. */
interface Standing<T> {
  readonly order: { readonly state: OrderState } | null
  readonly previous: T | null
}

/** The ticket that its holder is shown, given the newest one. */
export function standingTicket<T extends Standing<T>>(newest: T): T {
  let found = newest
  for (let older: T | null = newest; older; older = older.previous)
    if (older.order && isLive(older.order.state)) found = older
  return found
}
