// Results that wait to be sent. Four lines: those that somebody listens for stand before those that nobody hears yet, and in each who
// can act on it before who cannot. A crowd leaves a million behind, so each is a number here and no more. Knows no Laba.
import { Line } from "../book/memory/line.ts"
import type { Ticket } from "../book/memory/memory.ts"
import type { Sale } from "../book/sale.ts"

/** One result. It is looked up when it is sent: the memory may have been read anew meanwhile. */
export interface DueResult<Receipt> {
  readonly sale: Sale
  readonly number: number
  /** What waits for it. */
  readonly receipts: readonly Receipt[]
  /** Also when its holder has been told already. */
  readonly always: boolean
  readonly isHeard: boolean
}

/** Results that came together. */
interface Row<Receipt> extends Omit<DueResult<Receipt>, "number"> {
  readonly numbers: number[]
  at: number
}

/** `always`: also what its holder has been told already. */
interface Wanted<Receipt> {
  readonly receipts?: readonly Receipt[]
  readonly always?: boolean
}

export class ResultQueue<Receipt> {
  private readonly lines = Array.from({ length: 4 }, () => new Line<Row<Receipt>>(hasMore))
  private readonly isHeard: (sale: Sale, user: string) => boolean
  private count = 0

  constructor(isHeard: (sale: Sale, user: string) => boolean) {
    this.isHeard = isHeard
  }

  get size(): number {
    return this.count
  }

  add(sale: Sale, tickets: readonly Ticket[], { receipts = [], always = false }: Wanted<Receipt> = {}): void {
    const rows: (Row<Receipt> | undefined)[] = []
    for (const { number, state, user } of tickets) {
      const isHeard = this.isHeard(sale, user)
      // Whoever has lost can do nothing, and has the one broadcast already.
      const canWait = state === "sold_out" || state === "rejected"
      const at = (isHeard ? 0 : 2) + (canWait ? 1 : 0)
      const row = (rows[at] ??= { sale, receipts, always, isHeard, numbers: [], at: 0 })
      row.numbers.push(number)
    }
    for (const [at, row] of rows.entries()) if (row) this.lines[at]?.join(row)
    this.count += tickets.length
  }

  /** The next that somebody listens for, or that nobody does. */
  take(of: "heard" | "unheard"): DueResult<Receipt> | null {
    for (const line of of === "heard" ? this.lines.slice(0, 2) : this.lines.slice(2)) {
      const row = line.first()
      if (row === null) continue
      this.count--
      const { sale, receipts, always, isHeard } = row
      return { sale, number: row.numbers[row.at++] as number, receipts, always, isHeard }
    }
    return null
  }
}

const hasMore = <Receipt>({ numbers, at }: Row<Receipt>): boolean => at < numbers.length
