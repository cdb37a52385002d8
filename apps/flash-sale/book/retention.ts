// Puts old sales away. A sale that has been over for long enough leaves the books and the memory, and what is left is a
// summary: what was sold, to how many, for how much, and what it takes to check an order list or a draw that was kept.
import { createHash } from "node:crypto"
import { shopTold, writeOutboundTask, writePayment } from "./outbound-task.ts"
import type { Sale } from "./sale.ts"
import { lastChange } from "./sweep.ts"
import type { Sales } from "./sales.ts"
import type { Ledger } from "../ledger/ledger.ts"
import type { PastSale } from "../model/wire/api.ts"
import { commitmentOf } from "../model/draw.ts"
import { readReference } from "./trade-reference.ts"
import { ordersCsv } from "../ledger/orders-csv.ts"

/** A payment as its provider tells of it. */
interface LatePayment {
  readonly reference: string
  readonly payment: string
  readonly amount: number
}

interface RetentionOptions {
  readonly ledger: Ledger
  readonly sales: Sales
  readonly clock: () => number
  /** How long a sale stays after its last change, in milliseconds; null keeps all for ever. */
  readonly keepMs: number | null
  /** Whether the last check found all promises kept: what is broken stays to be looked at. */
  readonly isClean: () => boolean
  /** Told of each sale that leaves the memory. */
  readonly onPutAway: (sale: Sale) => void
}

/** Rows of one table that are deleted in one transaction: some ms of writing. */
const rowsMax = 2000

/** Between two looks at which sales are over: nothing depends on the minute. */
const lookMs = 60_000

/**
 * Tables with rows of a sale, and what tells their rows apart. Payments stay, some hundred bytes each: a provider may tell of one again
 * after years, and what was kept must then be told apart from what comes too late.
 */
const tables = [
  ["tickets", "number", "sale = ?1"],
  ["orders", "number", "sale = ?1"],
  ["stock", "item", "sale = ?1"],
  ["intake", "batch", "sale = ?1"],
  ["outbox", "id", "sale = ?1"],
] as const

export class Retention {
  private readonly options: RetentionOptions
  private lookedAt = -Infinity
  /** Keys of sales whose rows are still there. */
  private readonly emptying: number[]

  constructor(options: RetentionOptions) {
    this.options = options
    this.emptying = options.ledger
      .all<{ key: number }>("SELECT key FROM past_sales WHERE emptied = 0")
      .map(({ key }) => key)
  }

  /** One turn: empties some more of what was put away, or looks for what is over. */
  run(): void {
    const [key] = this.emptying
    if (key !== undefined) return void (this.empty(key) && this.emptying.shift())
    const { clock, sales, isClean, keepMs } = this.options
    const now = clock()
    if (keepMs === null || now - this.lookedAt < lookMs) return
    this.lookedAt = now
    if (!isClean()) return
    const failures: unknown[] = []
    for (const sale of sales.all) {
      try {
        const overAt = this.overSince(sale)
        if (overAt === null || now - overAt < keepMs) continue
        this.putAway(sale, overAt)
        break
      } catch (error) {
        // What is wrong with one keeps no other here.
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  /** What is left of sales that were put away, the newest first. */
  all(): PastSale[] {
    return this.options.ledger
      .all<{ summary: string }>("SELECT summary FROM past_sales ORDER BY put_away_at DESC, key DESC")
      .map(({ summary }) => JSON.parse(summary) as PastSale)
  }

  /** Money for a sale that is not here any more goes back. False when there never was such a sale. */
  refund({ reference, payment, amount }: LatePayment): boolean {
    const { ledger, clock } = this.options
    const { sale, number } = readReference(reference)
    const past = ledger.one<{ key: number; summary: string }>(
      "SELECT key, summary FROM past_sales WHERE id = ?",
      sale,
    )
    if (!past) return false
    if (ledger.one("SELECT 1 FROM payments WHERE id = ?", payment)) return true
    const { currency } = JSON.parse(past.summary) as PastSale
    const money = { payment, amount, why: "past_sale" } as const
    const tell = shopTold({
      ...{ event: "returned", at: clock(), sale, number, currency, money },
      ...{ order: null, item: null },
    })
    ledger.transaction("late refund", () => {
      writePayment(ledger, { payment, sale: past.key, number, amount, state: "refund_due", at: clock() })
      writeOutboundTask(ledger, "refund", { payment, sale, number, tell }, clock())
    })
    return true
  }

  /** When a sale changed last, if nothing of it can change any more by itself; else null. */
  private overSince({ book, key, id }: Sale): number | null {
    if (book.phase !== "closed" || book.live > 0) return null
    const { ledger } = this.options
    const open = ledger.one(
      `SELECT 1 FROM outbox WHERE sale = ?1 AND sent = 0
       UNION ALL SELECT 1 FROM payments WHERE sale = ?1 AND state IN ('refund_due', 'refused')
       UNION ALL SELECT 1 FROM errands WHERE done_at IS NULL AND json_extract(body, '$.sale') = ?2 LIMIT 1`,
      key,
      id,
    )
    if (open) return null
    return lastChange(book)
  }

  /** The summary takes the sale's place in one transaction. Its rows, which nobody reads any more, go after it. */
  private putAway(sale: Sale, overAt: number): void {
    const { ledger, sales, clock, onPutAway } = this.options
    const summary = this.summary(sale, overAt)
    ledger.transaction("put away", () => {
      ledger.run(
        "INSERT INTO past_sales (key, id, summary, put_away_at) VALUES (?, ?, ?, ?)",
        sale.key,
        sale.id,
        JSON.stringify(summary),
        clock(),
      )
      ledger.run("DELETE FROM sales WHERE key = ?", sale.key)
    })
    sales.forget(sale)
    onPutAway(sale)
    this.emptying.push(sale.key)
  }

  /** True when nothing was left to delete. */
  private empty(key: number): boolean {
    const { ledger } = this.options
    return ledger.transaction("empty", () => {
      for (const [table, column, where] of tables) {
        const sql = `DELETE FROM ${table} WHERE ${where} AND ${column} IN (SELECT ${column} FROM ${table} WHERE ${where} LIMIT ${rowsMax})`
        if (ledger.run(sql, key) > 0) return false
      }
      const id = ledger.one<{ id: string }>("SELECT id FROM past_sales WHERE key = ?", key)?.id ?? ""
      ledger.run("DELETE FROM errands WHERE done_at IS NOT NULL AND json_extract(body, '$.sale') = ?", id)
      ledger.run("UPDATE past_sales SET emptied = 1 WHERE key = ?", key)
      return true
    })
  }

  private summary({ book, key }: Sale, overAt: number): PastSale {
    const { ledger, clock } = this.options
    const { id, title, currency, startsAt, mode } = book.settings
    const count = (sql: string): Record<string, number> =>
      Object.fromEntries(ledger.all<{ word: string; n: number }>(sql, key).map(({ word, n }) => [word, n]))
    const orders = createHash("sha256")
    for (const line of ordersCsv(ledger, { key, id, currency })) orders.update(line)
    return {
      id,
      title,
      currency,
      startsAt,
      overAt,
      putAwayAt: clock(),
      items: book.items.map(({ id: item, counts: { total, sold } }) => ({ id: item, total, sold })),
      tickets: count("SELECT state AS word, count(*) AS n FROM tickets WHERE sale = ? GROUP BY state"),
      orders: count("SELECT state AS word, count(*) AS n FROM orders WHERE sale = ? GROUP BY state"),
      money: count("SELECT state AS word, sum(amount) AS n FROM payments WHERE sale = ? GROUP BY state"),
      commitment: commitmentOf(book.seed),
      seed: mode === "first-come" ? null : book.seed,
      ordersSha256: orders.digest("hex"),
    }
  }
}
