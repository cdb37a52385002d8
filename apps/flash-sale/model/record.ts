// What a buyer is shown about a ticket: one record, the same by WebSocket, SSE and poll. Each is complete by itself, and
// of two the one with the higher version counts, so repeats and gaps do no harm.
import type { OrderState } from "./order.ts"
import type { TicketState } from "./ticket.ts"

interface OrderRecord {
  readonly id: string
  readonly state: OrderState
  readonly price: number
  readonly currency: string
  /** Milliseconds since 1970, by the server's clock. */
  readonly payBy: number
  /** A unit that came back: the time to pay is shorter. */
  readonly offer: boolean
}

export interface TicketRecord {
  readonly sale: string
  readonly item: string
  readonly number: number
  /** Grows by one with every change. */
  readonly version: number
  readonly state: TicketState
  /** The place in the order of service; null until it is drawn. */
  readonly turn: number | null
  /** When the server wrote it, milliseconds since 1970. */
  readonly at: number
  readonly order: OrderRecord | null
}

/** The channel of a user's results in a sale. The user is part of the name, so it is spelled as a part of a path. */
export const resultChannel = (user: string, sale: string): string =>
  `/@${encodeURIComponent(user)}/sales/${sale}`

/** The channel of what everybody may know: queue, stock, sold out. */
export const saleChannel = (sale: string): string => `/sales/${sale}`

/** Who can be a user: text that names a channel in one way only. `me` is what Laba calls whoever asks. */
export const isUserName = (text: string): boolean =>
  text !== "me" &&
  /^[^%/\\?#\s\p{Cc}]{1,64}$/u.test(text) &&
  text.isWellFormed() &&
  encodeURIComponent(text).length <= 150
