// The orders of a sale as CSV (RFC 4180), a line at a time.
import type { Ledger } from "../ledger/ledger.ts"

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
}

const head = "order,user,item,price,currency,state,offer,created_at,pay_by,changed_at,payment"

export function* ordersCsv(
  ledger: Ledger,
  sale: { key: number; id: string; currency: string },
): Generator<string> {
  yield `${head}\r\n`
  const pageSize = 1000
  for (let after = 0; ;) {
    // A page at a time: an open reading would hold up checkpoints for as long as the download takes.
    const rows = ledger.all<Row>(
      `SELECT *, (SELECT id FROM payments WHERE payments.sale = orders.sale AND payments.number = orders.number LIMIT 1)
       AS payment FROM orders WHERE sale = ? AND number > ? ORDER BY number LIMIT ?`,
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
    (row.price / 100).toFixed(2),
    currency,
    row.state,
    row.offer === 1 ? "yes" : "no",
    ...[row.created_at, row.pay_by, row.changed_at].map((ms) => new Date(ms).toISOString()),
    row.payment ?? "",
  ]
  return `${cells.map(cell).join(",")}\r\n`
}

/** A cell that begins like a formula would be run by a spreadsheet; a quote before it keeps it text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
