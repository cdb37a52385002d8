// Does what a transaction promised to the outside: refunds, webhooks, and the ends of trades that nobody could ask for in
// time. Each is tried until it is done, with growing waits, and at least once; whoever receives it tells repeats by its
// id. Every kind has places of its own: money goes back also while a thousand webhooks hang.
import type { OutboundTaskKind } from "../book/outbound-task.ts"
import type { Sale } from "../book/sale.ts"
import type { Ledger } from "../ledger/ledger.ts"
import { type PaymentProvider, ProviderRefusal } from "../payments/provider.ts"
import type { Refunds } from "../payments/refunds.ts"

export interface OutboundTask {
  readonly id: number
  readonly kind: OutboundTaskKind
  readonly body: Readonly<Record<string, unknown>>
}

interface OutboundTasksOptions {
  readonly ledger: Ledger
  readonly clock: () => number
  readonly log: (line: string) => void
  readonly find: (sale: string) => Sale | null
  readonly provider: Pick<PaymentProvider, "refund" | "close"> & { readonly mayAsk?: boolean }
  readonly refunds: Refunds
  /** Rejects when it has to be tried again. */
  readonly webhook: ((errand: OutboundTask) => Promise<void>) | null
}

/** How many of a kind are under way at once. */
const atOnceMax: Readonly<Record<OutboundTaskKind, number>> = { refund: 16, close: 8, webhook: 16 }

/** In this order: what is owed comes first. */
const kinds: readonly OutboundTaskKind[] = ["refund", "close", "webhook"]

const waitMsMax = 60_000

/** A provider that has said no so often, over half a minute, means it; until then it may not know yet what it has told of. */
const refusalsMax = 6

/**
 * An event that has been refused so often, for some six minutes, no longer holds up the later ones of its order: a shop that
 * can make nothing of "won" should hear "paid" all the same.
 */
const inOrderAttemptsMax = 12

interface Row {
  id: number
  kind: OutboundTaskKind
  body: string
  attempts: number
}

/** What is due in more than any wait was put off by a clock that was ahead. */
const dueNow = `SELECT id, kind, body, attempts FROM errands
  WHERE kind = ?1 AND done_at IS NULL AND NOT (due_at > ?2 AND due_at <= ?2 + ${waitMsMax})`

/** Webhooks of one order go one after the other, as they happened. */
const isFirst = `NOT EXISTS (SELECT 1 FROM errands AS older WHERE older.kind = 'webhook' AND older.done_at IS NULL
  AND json_extract(older.body, '$.order') = json_extract(errands.body, '$.order')
  AND older.id < errands.id AND older.attempts < ${inOrderAttemptsMax})`

const dueOf: Readonly<Record<OutboundTaskKind, string>> = {
  refund: `${dueNow} ORDER BY due_at LIMIT ?3`,
  close: `${dueNow} ORDER BY due_at LIMIT ?3`,
  webhook: `${dueNow} AND ${isFirst} ORDER BY due_at LIMIT ?3`,
}

export class OutboundTasks {
  private readonly options: OutboundTasksOptions
  private readonly running: Readonly<Record<OutboundTaskKind, Set<number>>> = {
    refund: new Set(),
    close: new Set(),
    webhook: new Set(),
  }

  constructor(options: OutboundTasksOptions) {
    this.options = options
  }

  /** Starts what is due. */
  run(): void {
    for (const kind of kinds) this.runKind(kind)
  }

  /** What has not been done, for the metric. */
  get open(): number {
    return (
      this.options.ledger.one<{ n: number }>("SELECT count(*) AS n FROM errands WHERE done_at IS NULL")?.n ??
      0
    )
  }

  private runKind(kind: OutboundTaskKind): void {
    const { ledger, clock } = this.options
    const running = this.running[kind]
    const most = atOnceMax[kind]
    if (running.size >= most || !this.mayTry(kind)) return
    // Those under way are still due.
    for (const row of ledger.all<Row>(dueOf[kind], kind, clock(), most + running.size)) {
      if (running.size >= most || !this.mayTry(kind)) return
      if (!running.has(row.id)) void this.attempt(row)
    }
  }

  /** While the provider is away one errand now and then tries it, and the others keep their turn. */
  private mayTry(kind: OutboundTaskKind): boolean {
    return kind === "webhook" || this.options.provider.mayAsk !== false
  }

  private async attempt({ id, kind, body: text, attempts }: Row): Promise<void> {
    const { log } = this.options
    const running = this.running[kind]
    running.add(id)
    const body = JSON.parse(text) as OutboundTask["body"]
    try {
      await this.perform({ id, kind, body })
      this.finish(id)
    } catch (error) {
      log(`flash sale: ${kind} ${id} failed, attempt ${attempts + 1}: ${String(error)}`)
      if (error instanceof ProviderRefusal && attempts + 1 >= refusalsMax) this.giveUp({ id, kind, body })
      else this.postpone({ id, kind, body }, attempts)
    } finally {
      running.delete(id)
    }
  }

  private finish(id: number): void {
    const { ledger, clock } = this.options
    ledger.transaction("errand done", () =>
      ledger.run("UPDATE errands SET done_at = ? WHERE id = ?", clock(), id),
    )
  }

  /** The provider says no, and will say so tomorrow: money that it will not pay back is the operator's affair. */
  private giveUp({ id, kind, body }: OutboundTask): void {
    try {
      if (kind === "refund") this.options.refunds.refuse(String(body["payment"]))
      this.finish(id)
    } catch (error) {
      // It is refused again.
      this.options.log(`flash sale: ${String(error)}`)
    }
  }

  private postpone({ id, kind, body }: OutboundTask, attempts: number): void {
    const { ledger, clock, log } = this.options
    const dueAt = clock() + Math.min(waitMsMax, 500 * 2 ** Math.min(attempts, 10))
    try {
      ledger.transaction("errand later", () => {
        ledger.run("UPDATE errands SET attempts = attempts + 1, due_at = ? WHERE id = ?", dueAt, id)
        if (kind !== "webhook") return
        // Those behind it wait as well; otherwise they would be looked at in every turn.
        ledger.run(
          `UPDATE errands SET due_at = max(due_at, ?) WHERE kind = 'webhook' AND json_extract(body, '$.order') = ?
           AND done_at IS NULL AND id > ?`,
          dueAt,
          String(body["order"]),
          id,
        )
      })
    } catch (error) {
      log(`flash sale: ${String(error)}`)
    }
  }

  private async perform(errand: OutboundTask): Promise<void> {
    if (errand.kind === "webhook") return this.options.webhook?.(errand)
    const { provider, find, refunds } = this.options
    const { payment, sale, number, reference } = errand.body as Record<
      "payment" | "sale" | "reference",
      string
    > & { readonly number: number }
    if (errand.kind === "refund") {
      await provider.refund(payment)
      return refunds.done(payment)
    }
    const end = await provider.close(reference)
    if (end.state === "paid") find(sale)?.pay(number, { id: end.payment, amount: end.amount })
  }
}
