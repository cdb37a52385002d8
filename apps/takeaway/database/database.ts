// The contract of the database, and nothing that runs: one transaction at a time is all that is asked of it.

type Value = string | number | null

/**
 * Runs one statement. It takes a template only, so a value can never become part of the text: `sql\`… WHERE id = ${id}\``.
 * PostgreSQL answers 64-bit integers as strings; whoever reads a row says `Number(…)`.
 */
export type Sql = <Row = unknown>(text: TemplateStringsArray, ...values: readonly Value[]) => Promise<Row[]>

export interface Database {
  readonly dialect: "sqlite" | "postgres"
  /** Of this database and no other: numbers of a new one begin anew, and must not be taken for old ones. */
  readonly id: string
  /** One statement by itself. */
  readonly run: Sql
  /** All of it or nothing: what is thrown inside rolls back and is thrown on. */
  transaction<T>(steps: (sql: Sql) => Promise<T>): Promise<T>
  close(): Promise<void>
}
