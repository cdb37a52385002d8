// Refunds that the payment provider has refused for good: they are tried no more, and wait for the operator, who settles them by hand or
// has them tried again. Knows the books, and asks nobody.
import { writeOutboundTask, writeShopEvent } from "../book/outbound-task.ts"
import type { Sale } from "../book/sale.ts"
import type { Ledger } from "../ledger/ledger.ts"
import type { OwedRefund, ShopTold } from "../model/wire/api.ts"

interface RefundsOptions {
  readonly ledger: Ledger
  readonly clock: () => number
  readonly find: (sale: string) => Sale | null
  /** Whether the shop's other systems are told. */
  readonly webhooks: boolean
}

/** Owed refunds that are listed. More is a provider that is away, and then none of them is for an operator to do. */
const listedMax = 1000

/** What a refund's errand says: which order it is of, and what is told when it is done and nobody else tells. */
interface RefundBody {
  readonly payment: string
  readonly sale: string
  readonly number: number
  readonly tell?: ShopTold
}

export class Refunds {
  private readonly options: RefundsOptions

  constructor(options: RefundsOptions) {
    this.options = options
  }

  /** Those that are owed, the refused ones first. */
  owed(): OwedRefund[] {
    return this.options.ledger.all<OwedRefund>(
      `SELECT payments.id AS payment, coalesce(sales.id, past_sales.id) AS sale, number, amount, state, at FROM payments
       LEFT JOIN sales ON sales.key = sale LEFT JOIN past_sales ON past_sales.key = sale
       WHERE state IN ('refund_due', 'refused') ORDER BY state DESC, at LIMIT ${listedMax}`,
    )
  }

  /** How many wait for the operator, for the metric. */
  get refused(): number {
    return this.options.ledger.one<{ n: number }>(
      "SELECT count(*) AS n FROM payments WHERE state = 'refused'",
    )?.n as number
  }

  /** The provider will not do it. */
  refuse(payment: string): void {
    const sql = "UPDATE payments SET state = 'refused' WHERE id = ? AND state = 'refund_due'"
    this.write("refund refused", () => this.options.ledger.run(sql, payment))
  }

  /** The money went back, by the provider or by hand. Repeats change nothing. */
  done(payment: string): void {
    const { ledger, clock, find, webhooks } = this.options
    const body = this.bodyOf(payment)
    const sale = body && find(body.sale)
    if (sale) return sale.refunded(body.number, payment)
    const sql = "UPDATE payments SET state = 'refunded' WHERE id = ? AND state IN ('refund_due', 'refused')"
    this.write("late refund done", () => {
      // Of a sale that is not in the books any more nobody else tells.
      if (ledger.run(sql, payment) === 1 && body?.tell && webhooks)
        writeShopEvent(ledger, { ...body.tell, at: clock() })
    })
  }

  /** The operator has paid one back by other means. False when it was not refused. */
  settle(payment: string): boolean {
    if (!this.isRefused(payment)) return false
    this.done(payment)
    return true
  }

  /** The provider is asked once more. False when it was not refused. */
  retry(payment: string): boolean {
    const { ledger, clock } = this.options
    const body = this.bodyOf(payment)
    if (body === null || !this.isRefused(payment)) return false
    this.write("refund again", () => {
      ledger.run("UPDATE payments SET state = 'refund_due' WHERE id = ?", payment)
      writeOutboundTask(ledger, "refund", body, clock())
    })
    return true
  }

  private isRefused(payment: string): boolean {
    const sql = "SELECT 1 FROM payments WHERE id = ? AND state = 'refused'"
    return this.options.ledger.one(sql, payment) !== null
  }

  /** What the newest errand for it says. */
  private bodyOf(payment: string): RefundBody | null {
    const sql = `SELECT body FROM errands WHERE kind = 'refund' AND json_extract(body, '$.payment') = ? ORDER BY id DESC LIMIT 1`
    const row = this.options.ledger.one<{ body: string }>(sql, payment)
    return row && (JSON.parse(row.body) as RefundBody)
  }

  private write(name: string, steps: () => unknown): void {
    this.options.ledger.transaction(name, steps)
  }
}
