// The draw of a sale, before, at and after its moment, some tickets a turn: at the start, when the crowd is there, nothing
// may take long.
import type { Ledger } from "../ledger/ledger.ts"
import type { Book, Ticket } from "./memory/memory.ts"
import { noteDrawn } from "./replay.ts"

/** Tickets hashed for a draw, or told of it, in one turn: some 3 ms. */
const atOnceMax = 2000

interface DrawingOptions {
  readonly ledger: Ledger
  readonly key: number
  /** Has those told who wait for their turn, and did not know it before. */
  readonly tell: (tickets: readonly Ticket[]) => void
}

export class Drawing {
  private readonly options: DrawingOptions
  /** Who of those in the draw is still to be told of it: indices of tickets. */
  private untold = { next: 0, end: 0 }

  constructor(options: DrawingOptions) {
    this.options = options
  }

  /** The draw itself: everybody who has a ticket by now is in it. */
  draw(book: Book): void {
    const { ledger, key } = this.options
    const { entrants, tickets } = book
    if (entrants === null) return
    const drawn = tickets.length
    ledger.transaction("draw", () => ledger.run("UPDATE sales SET drawn = ? WHERE key = ?", drawn, key))
    entrants.take(tickets, drawn)
    book.serveBy(entrants.turns())
    noteDrawn(book, drawn)
    this.untold = { next: 0, end: drawn }
  }

  /** Hashes those who entered, while the draw is to come; after it, tells them. True when there are more of them. */
  work(book: Book): boolean {
    const { untold } = this
    if (book.turns === null) return book.entrants?.take(book.tickets, atOnceMax) ?? false
    if (untold.next === untold.end) return false
    const end = Math.min(untold.end, untold.next + atOnceMax)
    // With a row of their own they are past the queue, and were told what became of them.
    const waiting = book.tickets.between(untold.next + 1, end).filter((ticket) => ticket.batch !== null)
    untold.next = end
    this.options.tell(waiting)
    return end < untold.end
  }
}
