// From rows to bills.
import type { BillDish, BillRecord } from "../model/bill.ts"
import type { Sql } from "./database.ts"

type SameInBoth =
  | "shop"
  | "number"
  | "version"
  | "state"
  | "total"
  | "note"
  | "name"
  | "address"
  | "telephone"
  | "reason"
  | "reminders"

export interface BillRow extends Pick<BillRecord, SameInBoth> {
  readonly id: number
  readonly customer: string
  readonly content: string
  readonly by_kitchen: string | null
  readonly placed_at: number | string
  readonly changed_at: number | string
}

interface DishRow extends BillDish {
  readonly bill: number
}

/** A bill with whose it is: what is told, and to whom. */
export interface StoredBill {
  readonly record: BillRecord
  readonly customer: string
}

/** Reads the dishes of each row and makes bills of them, in the same order. */
export async function storedBills(sql: Sql, rows: readonly BillRow[]): Promise<StoredBill[]> {
  const bills: StoredBill[] = []
  for (const row of rows) {
    const dishes = await sql<DishRow>`
      SELECT bill, dish, zh, en, price, count FROM bill_dish WHERE bill = ${row.id} ORDER BY line`
    bills.push({ record: recordOf(row, dishes), customer: row.customer })
  }
  return bills
}

/** One bill, as it is shown. */
export async function billOf(sql: Sql, row: BillRow): Promise<BillRecord> {
  const [stored] = await storedBills(sql, [row])
  if (!stored) throw new Error("A bill has gone.")
  return stored.record
}

function recordOf(row: BillRow, dishes: readonly DishRow[]): BillRecord {
  return {
    bill: row.id,
    number: row.number,
    shop: row.shop,
    version: row.version,
    state: row.state,
    dishes: dishes.map(({ dish, zh, en, price, count }) => ({ dish, zh, en, price, count })),
    total: row.total,
    note: row.note,
    name: row.name,
    address: row.address,
    telephone: row.telephone,
    by: row.by_kitchen,
    reason: row.reason,
    reminders: row.reminders,
    placedAt: Number(row.placed_at),
    changedAt: Number(row.changed_at),
  }
}
