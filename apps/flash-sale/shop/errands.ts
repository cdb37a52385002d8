// Does what a transaction promised to the outside: refunds, webhooks, and the ends of trades
// that nobody could ask for in time. Each is tried until it is done, with growing
// waits, and at least once; whoever receives it tells repeats by its id.
import type { ErrandKind } from "../book/act.ts"
import type { Sale } from "../book/sale.ts"
import type { Ledger } from "../ledger/ledger.ts"
import type { PaymentProvider } from "../payments/provider.ts"

export interface Errand {
  readonly id: number
  readonly kind: ErrandKind
  readonly body: Readonly<Record<string, unknown>>
}

export interface ErrandsOptions {
  readonly ledger: Ledger
  readonly clock: () => number
  readonly log: (line: string) => void
  readonly find: (sale: string) => Sale | null
  readonly provider: Pick<PaymentProvider, "refund" | "close">
  /** Rejects when it has to be tried again. */
  readonly webhook: ((errand: Errand) => Promise<void>) | null
}

const atOnceMax = 16
const waitMsMax = 60_000

interface Row {
  id: number
  kind: Errand["kind"]
  body: string
  attempts: number
}

export class Errands {
  private readonly options: ErrandsOptions
  private readonly running = new Set<number>()

  constructor(options: ErrandsOptions) {
    this.options = options
  }

  /** Starts what is due. */
  run(): void {
    const { ledger, clock } = this.options
    if (this.running.size >= atOnceMax) return
    const rows = ledger.all<Row>(
      "SELECT id, kind, body, attempts FROM errands WHERE done_at IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?",
      clock(),
      atOnceMax * 2,
    )
    for (const row of rows) {
      if (this.running.size >= atOnceMax) return
      if (!this.running.has(row.id)) void this.attempt(row)
    }
  }

  /** What has not been done, for the metric. */
  get open(): number {
    return (
      this.options.ledger.one<{ n: number }>("SELECT count(*) AS n FROM errands WHERE done_at IS NULL")?.n ??
      0
    )
  }

  private async attempt({ id, kind, body, attempts }: Row): Promise<void> {
    const { ledger, clock, log } = this.options
    this.running.add(id)
    try {
      await this.perform({ id, kind, body: JSON.parse(body) as Errand["body"] })
      ledger.transaction("errand done", () =>
        ledger.run("UPDATE errands SET done_at = ? WHERE id = ?", clock(), id),
      )
    } catch (error) {
      log(`flash sale: ${kind} ${id} failed, attempt ${attempts + 1}: ${String(error)}`)
      const wait = Math.min(waitMsMax, 500 * 2 ** Math.min(attempts, 10))
      this.postpone(id, clock() + wait)
    } finally {
      this.running.delete(id)
    }
  }

  private postpone(id: number, dueAt: number): void {
    const { ledger, log } = this.options
    try {
      ledger.transaction("errand later", () =>
        ledger.run("UPDATE errands SET attempts = attempts + 1, due_at = ? WHERE id = ?", dueAt, id),
      )
    } catch (error) {
      log(`flash sale: ${String(error)}`)
    }
  }

  private async perform(errand: Errand): Promise<void> {
    if (errand.kind === "webhook") return this.options.webhook?.(errand)
    const { provider, find } = this.options
    const { payment, sale, number } = errand.body as { payment: string; sale: string; number: number }
    if (errand.kind === "refund") {
      await provider.refund(payment)
      find(sale)?.refunded(number, payment)
      return
    }
    const end = await provider.close(`${sale}.${number}`)
    if (end.state === "paid") find(sale)?.pay(number, { id: end.payment, amount: end.amount })
  }
}
