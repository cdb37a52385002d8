// Reads the books as the invariants want them, from any connection: the writer's, or a reader's in another process. Inside
// one read transaction all of it is one moment.
import type { Database } from "bun:sqlite"
import type { Result } from "./stored-rows.ts"
import type { IntakeEntry } from "./stored-rows.ts"
import type { OrderRow, PaymentRow, ResultRow, Snapshot, StockRow, TicketRow } from "../model/snapshot.ts"

/** A snapshot whose rows can be read again and again; they are of one moment inside `atOneMoment`. */
export function snapshotOf(database: Database, now: number): Snapshot {
  const rows = <Row>(sql: string): Iterable<Row> => ({
    [Symbol.iterator]: () => database.query(sql).iterate() as IterableIterator<Row>,
  })
  return {
    now,
    stock: rows<StockRow>(
      "SELECT sales.id AS sale, item, total, available, held, sold FROM stock JOIN sales ON sales.key = sale",
    ),
    tickets: { [Symbol.iterator]: () => ticketsOf(database) },
    orders: rows<OrderRow>(
      "SELECT sales.id AS sale, item, number, user, state, pay_by AS payBy FROM orders JOIN sales ON sales.key = sale",
    ),
    payments: rows<PaymentRow>(
      "SELECT payments.id, sales.id AS sale, number, state, at FROM payments JOIN sales ON sales.key = sale",
    ),
    results: { [Symbol.iterator]: () => resultsOf(database) },
  }
}

/** Runs a reading inside one transaction. */
export function atOneMoment<T>(database: Database, read: () => T): T {
  if (database.inTransaction) return read()
  database.run("BEGIN")
  try {
    return read()
  } finally {
    database.run("COMMIT")
  }
}

/** Tickets with a row of their own, then those that are only in the intake log. */
function* ticketsOf(database: Database): Generator<TicketRow> {
  yield* database
    .query(
      "SELECT sales.id AS sale, item, number, user, state, version, deadline FROM tickets JOIN sales ON sales.key = sale",
    )
    .iterate() as IterableIterator<TicketRow>
  const written = database.query("SELECT 1 FROM tickets WHERE sale = ? AND number = ?")
  const batches = database
    .query("SELECT key, id, settings, first, entries FROM intake JOIN sales ON sales.key = sale")
    .all() as { key: number; id: string; settings: string; first: number; entries: string }[]
  for (const { key, id: sale, settings, first, entries } of batches) {
    const items = (JSON.parse(settings) as { items: { id: string }[] }).items
    for (const [at, entry] of (JSON.parse(entries) as IntakeEntry[]).entries()) {
      const [user, item, , , deadline] = entry
      if (written.get(key, first + at)) continue
      yield {
        sale,
        item: items[item]?.id ?? "",
        number: first + at,
        user,
        state: "queued",
        version: 1,
        deadline,
      }
    }
  }
}

function* resultsOf(database: Database): Generator<ResultRow> {
  const rows = database
    .query("SELECT sales.id AS sale, results FROM outbox JOIN sales ON sales.key = sale ORDER BY outbox.id")
    .iterate() as IterableIterator<{ sale: string; results: string }>
  for (const { sale, results } of rows) {
    for (const [number, version, ticket, order] of JSON.parse(results) as Result[])
      yield { sale, number, version, ticket, order }
  }
}
