// What a buyer holds in a sale, however the news of it comes: by a request, over a socket, twice, or in the wrong order.
// Of two records of a ticket the one with the higher version counts, so what is shown never goes back.
import { isLive } from "../../model/order.ts"
import type { TicketRecord } from "../../model/wire/api.ts"
import { isWaiting } from "../../model/ticket.ts"

export class Seat {
  private readonly sale: string
  private readonly byNumber = new Map<number, TicketRecord>()

  constructor(sale: string) {
    this.sale = sale
  }

  /** Takes a record. False when it is no news, or none of this sale's. */
  take(record: unknown): boolean {
    if (!isRecord(record) || record.sale !== this.sale) return false
    const known = this.byNumber.get(record.number)
    if (known && known.version >= record.version) return false
    this.byNumber.set(record.number, record)
    return true
  }

  /** The ticket that matters: one with a live order (an old one may have been paid late), else the newest. */
  get ticket(): TicketRecord | null {
    let newest: TicketRecord | null = null
    let live: TicketRecord | null = null
    for (const record of this.byNumber.values()) {
      if (record.order && isLive(record.order.state)) live = record
      if (newest === null || record.number > newest.number) newest = record
    }
    return live ?? newest
  }

  /** Whether a click would be answered with ALREADY_IN. */
  get isTaken(): boolean {
    const { ticket } = this
    return (
      ticket !== null && (isWaiting(ticket.state) || (ticket.order !== null && isLive(ticket.order.state)))
    )
  }
}

function isRecord(value: unknown): value is TicketRecord {
  if (typeof value !== "object" || value === null) return false
  const { sale, number, version, state } = value as Record<string, unknown>
  return (
    typeof sale === "string" &&
    typeof number === "number" &&
    typeof version === "number" &&
    typeof state === "string"
  )
}
