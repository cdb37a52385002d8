// Every sale in the ledger: makes new ones, and finds them by name.
import { newSeed } from "../model/draw.ts"
import type { SaleSettings } from "../model/sale.ts"
import { Sale, type SaleOptions } from "./sale.ts"

export class Sales {
  private readonly options: Omit<SaleOptions, "key">
  private readonly byId = new Map<string, Sale>()

  constructor(options: Omit<SaleOptions, "key">) {
    this.options = options
    const rows = options.ledger.all<{ key: number }>("SELECT key FROM sales ORDER BY key")
    for (const { key } of rows) this.keep(new Sale({ ...options, key }))
  }

  find(id: string): Sale | null {
    return this.byId.get(id) ?? null
  }

  get all(): readonly Sale[] {
    return [...this.byId.values()]
  }

  /** Takes a sale out of the memory: its books are put away. */
  forget(sale: Sale): void {
    this.byId.delete(sale.id)
  }

  /** Null when there is, or ever was, a sale of this id: the payment provider and old channels know its orders by it. */
  create(settings: SaleSettings): Sale | null {
    const { ledger, clock } = this.options
    if (this.byId.has(settings.id)) return null
    if (ledger.one("SELECT 1 FROM past_sales WHERE id = ?", settings.id)) return null
    const key = ledger.transaction("create sale", () => {
      const made = ledger.insert(
        // Rows of a sale that was put away may still be there under its key.
        `INSERT INTO sales (key, id, settings, phase, seed, created_at) VALUES (
           1 + (SELECT max(key) FROM (SELECT 0 AS key UNION ALL SELECT key FROM sales UNION ALL SELECT key FROM past_sales)),
           ?, ?, 'scheduled', ?, ?)`,
        settings.id,
        JSON.stringify(settings),
        newSeed(),
        clock(),
      )
      for (const { id, stock } of settings.items) {
        ledger.run(
          "INSERT INTO stock (sale, item, total, available, held, sold) VALUES (?, ?, ?, ?, 0, 0)",
          made,
          id,
          stock,
          stock,
        )
      }
      return made
    })
    return this.keep(new Sale({ ...this.options, key }))
  }

  private keep(sale: Sale): Sale {
    this.byId.set(sale.id, sale)
    return sale
  }
}
