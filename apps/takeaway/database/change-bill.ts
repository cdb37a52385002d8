// Changes a bill by compare-and-set, and finds those whose time has come. Of two who act at once one wins, and the other
// is told how it stands.
import { type Act, type BillRecord, type BillState, stepFrom, steps } from "../model/bill.ts"
import { billOf, type BillRow } from "./bill-rows.ts"
import type { Database } from "./database.ts"

export type Changed =
  | { readonly outcome: "done" | "already" | "not_now"; readonly bill: BillRecord }
  | { readonly outcome: "no_such_bill" }

export interface Change {
  readonly bill: number
  readonly act: Act
  /** Whose bill it must be. */
  readonly of: { readonly shop: string } | { readonly customer: string }
  /** Which kitchen acts; null for customers. */
  readonly by: string | null
  readonly reason: string | null
  readonly now: number
}

/** `already`: somebody did the same before, perhaps this caller, whose answer was lost. */
export function changeBill(database: Database, { bill, act, of, by, reason, now }: Change): Promise<Changed> {
  return database.transaction(async (sql) => {
    for (;;) {
      const [row] = await sql<BillRow>`SELECT * FROM bill WHERE id = ${bill}`
      const isTheirs = row && ("shop" in of ? row.shop === of.shop : row.customer === of.customer)
      if (!isTheirs) return { outcome: "no_such_bill" }
      const next = stepFrom(row.state, act)
      if (next === "already" || next === "not_now") return { outcome: next, bill: await billOf(sql, row) }
      const [changed] = await sql<BillRow>`
        UPDATE bill SET state = ${next}, version = version + 1, by_kitchen = ${by}, reason = ${reason},
          changed_at = ${now}
        WHERE id = ${bill} AND version = ${row.version}
        RETURNING *`
      // Somebody was faster between the two statements: look again at what they made of it.
      if (changed) return { outcome: "done", bill: await billOf(sql, changed) }
    }
  })
}

interface Waiting {
  /** At or before this time it was placed, or last changed. */
  readonly since: number
  readonly now: number
}

/** Bills at which nobody has looked and of which nobody was reminded yet. Answers how many there were. */
export async function remindOfBills(database: Database, { since, now }: Waiting): Promise<number> {
  const rows = await database.run`
    UPDATE bill SET reminders = reminders + 1, version = version + 1, changed_at = ${now}
    WHERE state = 'placed' AND reminders = 0 AND placed_at <= ${since}
    RETURNING id`
  return rows.length
}

/** Ends what nobody has looked at in all that time. Answers how many there were. */
export async function lapseBills(database: Database, { since, now }: Waiting): Promise<number> {
  const rows = await database.run`
    UPDATE bill SET state = ${lapsed}, reason = 'no_answer', version = version + 1, changed_at = ${now}
    WHERE state = 'placed' AND placed_at <= ${since}
    RETURNING id`
  return rows.length
}

/** Ends what the kitchen has begun with and then said no more about in all that time. Answers how many there were. */
export async function forgetBills(database: Database, { since, now }: Waiting): Promise<number> {
  const rows = await database.run`
    UPDATE bill SET state = ${lapsed}, reason = 'forgotten', version = version + 1, changed_at = ${now}
    WHERE state IN ('seen', 'accepted', 'cooking') AND changed_at <= ${since}
    RETURNING id`
  return rows.length
}

const lapsed: BillState = steps.lapse.to
