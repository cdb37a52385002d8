// The file that the books are in: SQLite, one writer, every commit synced to disk. Knows transactions and checkpoints,
// not sales.
import { Database, type SQLQueryBindings, type Statement } from "bun:sqlite"
import { existsSync } from "node:fs"
import { schema, schemaVersion } from "./schema.ts"
import { reading } from "./unreadable.ts"

/** A value that a column can hold. */
type Value = string | number | null

interface LedgerOptions {
  /**
   * Called between every two steps of every transaction, before it begins and after its commit. A test throws here what
   * a crash would be; the default does nothing.
   */
  readonly between?: (step: string) => void
}

/** Turns of the loop between two checkpoints: some megabytes of log under load, which take 5 to 10 ms. */
const commitsPerLook = 10

/** 256 MB of log. */
const logPagesMax = 65_536

export class Ledger {
  readonly database: Database
  /** The identity of these books, which no others have: ten characters. */
  readonly books: string
  private readonly between: ((step: string) => void) | undefined
  private commits = 0
  private readonly statements = new Map<string, Statement>()

  constructor(database: Database, { between }: LedgerOptions = {}) {
    this.database = database
    this.between = between
    prepare(database)
    const sql = "SELECT value FROM secrets WHERE name = 'books'"
    this.books = this.one<{ value: string }>(sql)?.value ?? ""
  }

  /** Opens or makes the file; the path `:memory:` is for tests. Throws when it is no ledger of ours. */
  static open(path: string, options: LedgerOptions = {}): Ledger {
    return reading(path, () => new Ledger(new Database(path, { create: true, strict: true }), options))
  }

  /** For readers in other processes, which never wait for the writer nor hold it up. */
  static read(path: string): Database {
    if (!existsSync(path)) throw new Error(`There is no ledger at ${path}.`)
    return new Database(path, { readonly: true, strict: true })
  }

  /** All of it or nothing. What is thrown inside rolls back; the caller's memory is then to be read again from here. */
  transaction<T>(name: string, steps: () => T): T {
    this.between?.(`${name}: begin`)
    this.database.run("BEGIN IMMEDIATE")
    let result: T
    try {
      result = steps()
      this.between?.(`${name}: commit`)
      this.database.run("COMMIT")
    } catch (error) {
      // A full disk rolls back by itself, and then there is nothing to roll back.
      if (this.database.inTransaction) this.database.run("ROLLBACK")
      throw error
    }
    this.between?.(`${name}: committed`)
    return result
  }

  /** One step of a transaction. Answers how many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    this.between?.(sql)
    return this.statement(sql).run(...(values as SQLQueryBindings[])).changes
  }

  /** The key of the row that a step inserted. */
  insert(sql: string, ...values: Value[]): number {
    this.between?.(sql)
    return Number(this.statement(sql).run(...(values as SQLQueryBindings[])).lastInsertRowid)
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.statement(sql).all(...(values as SQLQueryBindings[])) as Row[]
  }

  one<Row>(sql: string, ...values: Value[]): Row | null {
    return (this.statement(sql).get(...(values as SQLQueryBindings[])) as Row | null) ?? null
  }

  /**
   * Copies the log into the file when it has grown. Between batches and on purpose: left to SQLite it happens inside
   * some commit, and holds the loop for up to 50 ms.
   */
  checkpointWhenGrown(): void {
    if (++this.commits % commitsPerLook !== 0) return
    this.between?.("checkpoint")
    const pages = this.one<{ log: number }>("PRAGMA wal_checkpoint(PASSIVE)")?.log ?? 0
    // Only after a long reader has held it up does the log get that long; then the file is cut back too.
    if (pages > logPagesMax) this.database.run("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  close(): void {
    for (const statement of this.statements.values()) statement.finalize()
    this.statements.clear()
    this.database.close()
  }

  private statement(sql: string): Statement {
    let statement = this.statements.get(sql)
    if (!statement) {
      statement = this.database.prepare(sql)
      this.statements.set(sql, statement)
    }
    return statement
  }
}

function prepare(database: Database): void {
  database.run("PRAGMA journal_mode = WAL")
  // A ticket is answered after its commit; the commit must then be on the disk and not in a cache.
  database.run("PRAGMA synchronous = FULL")
  database.run("PRAGMA wal_autocheckpoint = 0")
  database.run("PRAGMA busy_timeout = 2000")
  database.run("PRAGMA cache_size = -65536")
  const { user_version: version } = database.query("PRAGMA user_version").get() as { user_version: number }
  if (version > schemaVersion)
    throw new Error(
      `This ledger was written by a newer version (${version}); this one reads ${schemaVersion}.`,
    )
  database.run(schema)
  database.run(`PRAGMA user_version = ${schemaVersion}`)
}
