// Tickets that are to be told and that nobody listens to, by the outbox row that they came with: a crowd leaves a million
// of them behind, so each is a number here and no more. Knows no Laba.
import { Line } from "../book/line.ts"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"

/** One ticket of it. `letter` is what it came with. */
interface Due<Letter> {
  readonly sale: Sale
  readonly number: number
  readonly letter: Letter | null
}

interface Row<Letter> {
  readonly sale: Sale
  readonly letter: Letter | null
  readonly numbers: readonly number[]
  at: number
}

export class Backlog<Letter> {
  private urgent = new Line<Row<Letter>>(hasMore<Letter>)
  private others = new Line<Row<Letter>>(hasMore<Letter>)
  private count = 0

  get size(): number {
    return this.count
  }

  /** Whoever has lost can do nothing; they have the one broadcast already, and come after who can act. */
  add(sale: Sale, tickets: readonly Ticket[], letter: Letter | null): void {
    const urgent: number[] = []
    const others: number[] = []
    for (const { number, state } of tickets)
      (state === "sold_out" || state === "rejected" ? others : urgent).push(number)
    if (urgent.length > 0) this.urgent.join({ sale, letter, numbers: urgent, at: 0 })
    if (others.length > 0) this.others.join({ sale, letter, numbers: others, at: 0 })
    this.count += tickets.length
  }

  take(): Due<Letter> | null {
    const row = this.urgent.first() ?? this.others.first()
    if (row === null) return null
    this.count--
    return { sale: row.sale, number: row.numbers[row.at++] as number, letter: row.letter }
  }

  /** A sale that is not here any more. */
  forget(gone: Sale): void {
    const urgent = [...this.urgent]
    const others = [...this.others]
    this.urgent = new Line(hasMore<Letter>)
    this.others = new Line(hasMore<Letter>)
    this.count = 0
    const keep = (rows: readonly Row<Letter>[], line: Line<Row<Letter>>): void => {
      for (const row of rows) {
        if (row.sale === gone) continue
        line.join(row)
        this.count += row.numbers.length - row.at
      }
    }
    keep(urgent, this.urgent)
    keep(others, this.others)
  }
}

const hasMore = <Letter>({ numbers, at }: Row<Letter>): boolean => at < numbers.length
