// Who is in a draw that is still to come, hashed some at a time while they enter: at the start, when the crowd is there,
// only the shuffling is left. Numbers and users never change, so this outlives a memory that is read again.
import { Draw, entryDigest } from "../../model/draw.ts"
import { Turns } from "../../model/turns.ts"
import type { Ticket } from "./memory.ts"
import type { Tickets } from "./tickets.ts"

export class Entrants {
  /** By number, as they are published after the draw. */
  readonly digests: string[] = []
  private readonly sale: string
  private readonly draw: Draw

  constructor(sale: string, seed: string) {
    this.sale = sale
    this.draw = new Draw(seed)
  }

  /** Takes in up to `limit` tickets more. True when there are others. */
  take(tickets: Tickets, limit: number): boolean {
    const { digests } = this
    const end = Math.min(tickets.length, digests.length + limit)
    while (digests.length < end) {
      const { number, user } = tickets.get(digests.length + 1) as Ticket
      const digest = entryDigest(this.sale, number, user)
      digests.push(digest)
      this.draw.enter({ number, digest })
    }
    return end < tickets.length
  }

  /** The order of service of all whom it has taken. */
  turns(): Turns {
    return new Turns(this.draw.order())
  }
}
