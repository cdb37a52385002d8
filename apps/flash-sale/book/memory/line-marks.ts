// Where people have left the queue, in a few numbers for everybody at once, so that each page computes its own position.
import type { LineMark } from "../../model/estimate.ts"
import type { Book } from "./memory.ts"

/** At the most one more than this: some 200 bytes a second for each listener. */
const marksMax = 16

/** What of a book it takes. */
type LineFacts = Pick<Book, "turns" | "served" | "queued" | "departures"> & {
  readonly tickets: { readonly length: number }
}

/**
 * Marks along the queue; none while nobody has left it. They stand at multiples of a power of two, so that they stay where
 * they are while the queue grows behind them: what a page computes from them must not go up because somebody came.
 */
export function lineMarks(book: LineFacts): LineMark[] {
  const { served, queued, departures } = book
  const end = book.tickets.length
  if (book.turns === null || queued === end - served) return []
  const apart = 2 ** Math.ceil(Math.log2(Math.max(1, (end - served) / marksMax)))
  const marks: LineMark[] = []
  for (let turn = (Math.floor(served / apart) + 1) * apart; turn <= end; turn += apart)
    marks.push([turn, turn - departures.upTo(turn)])
  return marks
}
