// The tickets of a sale by their numbers, which have no holes. They lie in pieces: the garbage collector reads a list again
// in which anything is new, and that of a million tickets would be read again and again.
import type { Ticket } from "./memory.ts"

const pieceLength = 1024

export class Tickets implements Iterable<Ticket> {
  private readonly pieces: Ticket[][] = []
  private count = 0

  /** The highest number, too. */
  get length(): number {
    return this.count
  }

  /** Undefined for a number that nobody has. */
  get(number: number): Ticket | undefined {
    const at = number - 1
    return this.pieces[Math.floor(at / pieceLength)]?.[at % pieceLength]
  }

  /** The one with the highest number. */
  get last(): Ticket | undefined {
    return this.get(this.count)
  }

  /** Adds one whose number is the next. */
  push(ticket: Ticket): void {
    if (this.count % pieceLength === 0) this.pieces.push([])
    this.pieces.at(-1)?.push(ticket)
    this.count++
  }

  /** Those from one number to another, both included, as far as there are any. */
  between(first: number, last: number): Ticket[] {
    const found: Ticket[] = []
    for (let number = first; number <= Math.min(last, this.count); number++)
      found.push(this.get(number) as Ticket)
    return found
  }

  *[Symbol.iterator](): Generator<Ticket> {
    for (const piece of this.pieces) yield* piece
  }
}
