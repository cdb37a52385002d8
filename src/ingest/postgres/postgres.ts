// Reads an outbox of PostgreSQL, a table that applications write into in their own transactions: how it is configured, and how it is
// opened.
import type { SourceKind } from "../source.ts"
import { type PostgresSettings, postgresSchema } from "./postgres-settings.ts"

export const postgres: SourceKind<PostgresSettings> = {
  name: "postgres",
  schema: postgresSchema,
  fields: ["id"],
  positions: true,
  // One table is one ordered part.
  exclusive: true,
  readersOf({ url, table, keep, reader }) {
    const { host, pathname } = new URL(url)
    return [JSON.stringify([host, pathname, table, keep ? reader : null])]
  },
  readerName: "a table, or with keep a reader,",
  describe({ url, table }) {
    const { host, pathname } = new URL(url)
    return `postgres ${table} in ${pathname.slice(1) || "its database"} at ${host}`
  },
  async open(settings, receiver, context) {
    const { PostgresSource } = await import("./postgres-source.ts")
    return PostgresSource.open(settings, receiver, context)
  },
}
