// What stands as JSON in columns of the books, in the order of its members.
import type { OrderState } from "../model/order.ts"
import type { TicketState } from "../model/ticket.ts"

/** What an outbox row says of one change. */
export type Result = readonly [number: number, version: number, ticket: TicketState, order: OrderState | null]

/** What an intake row holds of a ticket, in the order of numbers. */
export type IntakeEntry = readonly [
  user: string,
  item: number,
  key: string,
  admittedAt: number,
  deadline: number,
  place: number | null,
  eta: number | null,
]
