// How long people wait, as a sale measures it: by how fast it decides, and held to what it has said.
import { DrainRate, type QueuePace, type Wait, waitOf } from "../model/estimate.ts"
import type { Book, Ticket } from "./memory/memory.ts"

export class WaitEstimates {
  private readonly rate = new DrainRate()
  private decisions = 0

  /** So many more were decided. */
  decided(count: number): void {
    this.decisions += count
  }

  /** Measures. Ticks are milliseconds that nobody sets. */
  measure(book: Book, ticks: number): void {
    // Decisions and not turns: turns of those who left pass by themselves, and nobody before me waits for them.
    if (book.phase === "open" && book.turns !== null && book.queued > 0) this.rate.note(this.decisions, ticks)
    else this.rate.rest(this.decisions, ticks)
  }

  paceOf({ served, inflowPerSecond }: Book): QueuePace {
    const { perSecond } = this.rate
    // What was saved up is served in a burst: a promise must not be made of that.
    return { served, perSecond: perSecond === null ? null : Math.min(perSecond, inflowPerSecond ?? Infinity) }
  }

  /** What may be promised by: null while nothing is decided, for then nobody knows until when. */
  promisedPace(book: Book): number | null {
    return book.phase === "open" ? this.paceOf(book).perSecond : null
  }

  /** How long somebody in the queue still waits. What is said is remembered, and never climbs. */
  waitOf(book: Book, ticket: Ticket, now: number): Wait {
    const position = ticket.state === "queued" ? book.positionOf(ticket) : null
    if (position === null) return { etaSeconds: null, late: false, promisedAt: null }
    const { promisedAt } = ticket
    const wait = waitOf({ position, perSecond: this.promisedPace(book), promisedAt, now })
    ticket.promisedAt = wait.promisedAt
    return book.phase === "open" ? wait : { ...wait, etaSeconds: null }
  }
}
