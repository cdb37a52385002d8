// The orders of a sale as CSV (RFC 4180), a line at a time. `payment` is the one that is kept for the order; `returned` are
// those that went back, or will: of a wrong amount, a second one, one without a unit, or of an order that was taken back.
import type { Ledger } from "./ledger.ts"
import { amountText } from "../model/currency.ts"

interface Row {
  number: number
  user: string
  item: string
  price: number
  state: string
  offer: number
  created_at: number
  pay_by: number
  changed_at: number
  payment: string | null
  returned: string | null
}

const head = "order,user,item,price,currency,state,offer,created_at,pay_by,changed_at,payment,returned"

const paymentsOf = "FROM payments WHERE payments.sale = orders.sale AND payments.number = orders.number"

export function* ordersCsv(
  ledger: Ledger,
  sale: { key: number; id: string; currency: string },
): Generator<string> {
  yield `${head}\r\n`
  const pageSize = 1000
  for (let after = 0; ;) {
    // A page at a time: an open reading would hold up checkpoints for as long as the download takes.
    const rows = ledger.all<Row>(
      `SELECT *, (SELECT id ${paymentsOf} AND state = 'kept') AS payment,
       (SELECT group_concat(id, ' ' ORDER BY at, id) ${paymentsOf} AND state <> 'kept') AS returned
       FROM orders WHERE sale = ? AND number > ? ORDER BY number LIMIT ?`,
      sale.key,
      after,
      pageSize,
    )
    for (const row of rows) yield lineOf(row, sale)
    if (rows.length < pageSize) return
    after = rows.at(-1)?.number ?? after
  }
}

function lineOf(row: Row, { id, currency }: { id: string; currency: string }): string {
  const cells = [
    `${id}.${row.number}`,
    row.user,
    row.item,
    amountText(row.price, currency),
    currency,
    row.state,
    row.offer === 1 ? "yes" : "no",
    ...[row.created_at, row.pay_by, row.changed_at].map((ms) => new Date(ms).toISOString()),
    row.payment ?? "",
    row.returned ?? "",
  ]
  return `${cells.map(cell).join(",")}\r\n`
}

/** A cell that begins like a formula would be run by a spreadsheet; a quote before it keeps it text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
