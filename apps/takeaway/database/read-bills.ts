// Bills to be shown, and bills to be told.
import type { BillRecord } from "../model/bill.ts"
import { type BillRow, type StoredBill, storedBills } from "./bill-rows.ts"
import type { Database } from "./database.ts"

/** Ended bills that a page still shows: the last hours of a shop, the last visits of a customer. */
const endedShown = 30

/** All live bills of a shop, and the newest ended ones; the oldest first. */
export async function billsOfShop(database: Database, shop: string): Promise<BillRecord[]> {
  const bills = await database.transaction(async (sql) => {
    const live = await sql<BillRow>`
      SELECT * FROM bill WHERE shop = ${shop} AND state IN ('placed', 'seen', 'accepted', 'cooking') ORDER BY id`
    const ended = await sql<BillRow>`
      SELECT * FROM bill WHERE shop = ${shop} AND state IN ('handed', 'refused', 'cancelled')
      ORDER BY id DESC LIMIT ${endedShown}`
    return storedBills(sql, [...live, ...ended])
  })
  return inOrder(bills)
}

/** The newest bills of a customer; the oldest first. */
export async function billsOfCustomer(database: Database, customer: string): Promise<BillRecord[]> {
  const bills = await database.transaction(async (sql) =>
    storedBills(
      sql,
      await sql<BillRow>`SELECT * FROM bill WHERE customer = ${customer} ORDER BY id DESC LIMIT ${endedShown}`,
    ),
  )
  return inOrder(bills)
}

const inOrder = (bills: readonly StoredBill[]): BillRecord[] =>
  bills.map(({ record }) => record).sort((a, b) => a.bill - b.bill)

/** Bills whose newest version nobody was told yet, the oldest first. */
export function unpublishedBills(database: Database, limit: number): Promise<StoredBill[]> {
  return database.transaction(async (sql) =>
    storedBills(sql, await sql<BillRow>`SELECT * FROM bill WHERE told < version ORDER BY id LIMIT ${limit}`),
  )
}

/** Notes that a version was told. A newer one, if there is one by now, stays to be told. */
export async function markBillPublished(database: Database, { bill, version }: BillRecord): Promise<void> {
  await database.run`UPDATE bill SET told = ${version} WHERE id = ${bill} AND told < ${version}`
}
