// The deadlines of tickets, as the sweeper goes through them. They grow with the numbers, until a start that is moved makes
// the next ones earlier: with those another run begins. So looking at the first of each run is enough.
import { isWaiting } from "../../model/ticket.ts"
import type { Ticket } from "./memory.ts"
import type { Tickets } from "./tickets.ts"

/** Tickets with numbers in a row, none of which is due before the one in front of it. */
interface Run {
  /** The first that may still wait. */
  next: number
  end: number
  latest: number
}

export class Deadlines {
  private runs: Run[] = []

  /** The next number is due then. */
  add(number: number, deadline: number): void {
    const run = this.runs.at(-1)
    if (run === undefined || deadline < run.latest) {
      this.runs.push({ next: number, end: number, latest: deadline })
      return
    }
    run.end = number
    run.latest = deadline
  }

  /** Those of a book's tickets that still wait past their deadline, up to `limit`. */
  overdue(tickets: Tickets, now: number, limit: number): Ticket[] {
    const found: Ticket[] = []
    for (const run of this.runs) {
      let isFirst = true
      for (let number = run.next; number <= run.end && found.length < limit; number++) {
        const ticket = tickets.get(number) as Ticket
        if (ticket.deadline > now) break
        if (isWaiting(ticket.state)) {
          found.push(ticket)
          isFirst = false
        } else if (isFirst) run.next = number + 1
      }
    }
    if (this.runs.length > 1)
      this.runs = this.runs.filter(({ next, end }, at) => next <= end || at === this.runs.length - 1)
    return found
  }
}
