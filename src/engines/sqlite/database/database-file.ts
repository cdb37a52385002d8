// The database file: opened for one process alone, written in transactions, made durable off the loop. Knows what the
// tables are, not what is in them.
//
// SQLite is told not to wait for the disk at a commit. We wait instead, with `fdatasync` on a thread of the runtime, and
// acknowledge nothing before: the promise of `synchronous=FULL` without holding the loop for it.
import { Database, type SQLQueryBindings } from "bun:sqlite"
import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs"
import { join } from "node:path"
import { LabaError } from "../../../../wire/error.ts"
import { syncToDisk } from "./sync-to-disk.ts"
import { cannotOpen } from "./database-errors.ts"

/** The format of the tables below. A newer one is refused, never guessed at. */
const formatVersion = 4

/** "Laba" in ASCII, in the file's header: tells our files from others. */
const applicationId = 0x4c616261

/** Pages that the write-ahead log may grow to before it is copied into the file: 4 MiB, copied in about 5 ms. */
const checkpointPages = 1000

/** Since format 4: what was published of event sources. */
const sourceTables = `
  CREATE TABLE source_positions(partition TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE source_ids(batch INTEGER PRIMARY KEY, expires INTEGER NOT NULL, entries TEXT NOT NULL);
  CREATE INDEX source_ids_expires ON source_ids(expires);
`

/** Since format 3: what a publisher said beside a payload. */
const headerColumn = "ALTER TABLE messages ADD COLUMN headers TEXT;"

/** Since format 2: who answers for a channel in the budget. */
const ownerTables = `
  ALTER TABLE channels ADD COLUMN owner TEXT;
  CREATE INDEX channels_owner ON channels(owner, used, id) WHERE owner IS NOT NULL;
`

const tables = `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  -- What was accepted and is not yet filed under its channel: a row for each commit.
  CREATE TABLE journal(batch INTEGER PRIMARY KEY, entries TEXT NOT NULL);
  -- Idempotency-Keys and their answers: a row for each commit that had any.
  CREATE TABLE receipts(batch INTEGER PRIMARY KEY, expires INTEGER NOT NULL, entries TEXT NOT NULL);
  CREATE TABLE channels(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL,
    head INTEGER NOT NULL, first INTEGER NOT NULL, bytes INTEGER NOT NULL,
    keep_ms INTEGER, due INTEGER, used INTEGER NOT NULL);
  ${ownerTables}
  CREATE INDEX channels_due ON channels(due) WHERE due IS NOT NULL;
  CREATE INDEX channels_used ON channels(used, id);
  CREATE TABLE messages(
    channel INTEGER NOT NULL, offset INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
    time INTEGER NOT NULL, bytes INTEGER NOT NULL, data NOT NULL,
    PRIMARY KEY(channel, offset)) WITHOUT ROWID;
  ${headerColumn}
  -- Ids of forgotten channels whose messages are still to be deleted.
  CREATE TABLE garbage(channel INTEGER PRIMARY KEY);
  -- The epoch in which a name begins, by slot of names.
  CREATE TABLE floors(slot INTEGER PRIMARY KEY, epoch INTEGER NOT NULL);
  ${sourceTables}
`

/** What brings a file of an older format up to date, by the format that it is then of. */
const upgrades: readonly (readonly [format: number, sql: string])[] = [
  [2, ownerTables],
  [3, headerColumn],
  [4, sourceTables],
]

/** A prepared statement. Each runs to its end at once. */
interface Query<Row, Values extends SQLQueryBindings[]> {
  get(...values: Values): Row | null
  all(...values: Values): Row[]
  run(...values: Values): unknown
}

/** The files that a directory holds: the database, and the log of what is on its way into it. */
export function filesIn(directory: string): readonly [database: string, log: string] {
  const path = join(directory, "laba.sqlite")
  return [path, `${path}-wal`]
}

export class DatabaseFile {
  readonly directory: string
  private readonly database: Database
  private readonly journalFile: number
  private readonly databaseFile: number

  /** Throws `engine_unavailable` with what is wrong: another process, a damaged file, a newer format, no right to write. */
  static open(directory: string): DatabaseFile {
    try {
      // What is kept is for this user alone, unless the folder was made otherwise.
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      return new DatabaseFile(directory)
    } catch (error) {
      throw cannotOpen(error, directory)
    }
  }

  private constructor(directory: string) {
    this.directory = directory
    const [path, journalPath] = filesIn(directory)
    this.database = new Database(path, { create: true, readwrite: true })
    try {
      // A predecessor may be about to end.
      this.database.run("PRAGMA busy_timeout=1000")
      // Held for as long as the process lives, and by the system: a killed process leaves no lock behind.
      this.database.run("PRAGMA locking_mode=EXCLUSIVE")
      this.database.run("PRAGMA journal_mode=WAL")
      this.database.run("PRAGMA wal_autocheckpoint=0")
      // Before a checkpoint and when the log begins anew SQLite still syncs by itself.
      this.database.run("PRAGMA synchronous=NORMAL")
      this.database.run("PRAGMA cache_size=-32768")
      this.prepareTables()
      this.setMeta("opened", Date.now())
      this.journalFile = openSync(journalPath, "r+")
      // Never closed before the database is: closing any descriptor of a file drops the process's locks on it.
      this.databaseFile = openSync(path, "r+")
      fsyncSync(this.databaseFile)
      fsyncSync(this.journalFile)
      syncDirectory(directory)
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  /** Prepared once a text, by the database's own cache. */
  query<Row = unknown, Values extends SQLQueryBindings[] = SQLQueryBindings[]>(
    sql: string,
  ): Query<Row, Values> {
    return this.database.query(sql) as unknown as Query<Row, Values>
  }

  /** All of it or nothing. Not durable before `sync`. */
  transaction<T>(act: () => T): T {
    this.database.run("BEGIN IMMEDIATE")
    try {
      const result = act()
      this.database.run("COMMIT")
      return result
    } catch (error) {
      // Some errors have rolled it back already.
      if (this.database.inTransaction) this.database.run("ROLLBACK")
      throw error
    }
  }

  /** Resolves when all that was committed so far outlives the machine. */
  sync(): Promise<void> {
    return syncToDisk(this.journalFile)
  }

  /** The same, holding the loop: for the start. */
  syncNow(): void {
    fsyncSync(this.journalFile)
  }

  /** True when the write-ahead log is long enough to be worth copying into the file. */
  get wantsCheckpoint(): boolean {
    // Copies nothing, only counts. An older SQLite, as on macOS, takes it for a checkpoint, which is as safe and slower.
    const counted = this.query<{ log: number; checkpointed: number }>("PRAGMA wal_checkpoint(NOOP)").get()
    return counted !== null && counted.log - counted.checkpointed > checkpointPages
  }

  /**
   * Copies the write-ahead log into the file. Nothing may be committed until it resolves: the log begins anew with the
   * next commit, and must not before the file is durable.
   */
  async checkpoint(): Promise<void> {
    await this.sync()
    this.database.run("PRAGMA synchronous=OFF")
    try {
      this.database.query("PRAGMA wal_checkpoint(PASSIVE)").get()
    } finally {
      this.database.run("PRAGMA synchronous=NORMAL")
    }
    await syncToDisk(this.databaseFile)
  }

  meta(name: string): string | number | null {
    const sql = "SELECT value FROM meta WHERE name = ?"
    return this.database.query<{ value: string | number }, [string]>(sql).get(name)?.value ?? null
  }

  setMeta(name: string, value: string | number): void {
    this.database.query("INSERT OR REPLACE INTO meta VALUES (?, ?)").run(name, value)
  }

  close(): void {
    this.database.close()
    closeSync(this.journalFile)
    closeSync(this.databaseFile)
  }

  private prepareTables(): void {
    const version = this.pragma("user_version")
    const isEmpty = this.database.query("SELECT 1 FROM sqlite_schema LIMIT 1").get() === null
    if (isEmpty) {
      this.transaction(() => {
        this.database.run(tables)
        this.database.run(`PRAGMA application_id=${applicationId}`)
        this.database.run(`PRAGMA user_version=${formatVersion}`)
      })
      return
    }
    if (this.pragma("application_id") !== applicationId)
      throw refusal(`the database in ${this.directory} is not Laba's; nothing in it was changed`)
    if (version < 1 || version > formatVersion)
      throw refusal(
        `the database in ${this.directory} has format ${version}, and this version of Laba knows ${formatVersion}; nothing in it was changed`,
      )
    if (version === formatVersion) return
    this.transaction(() => {
      for (const [format, sql] of upgrades) if (version < format) this.database.run(sql)
      this.database.run(`PRAGMA user_version=${formatVersion}`)
    })
  }

  private pragma(name: string): number {
    return Object.values(this.database.query(`PRAGMA ${name}`).get() as Record<string, number>)[0] as number
  }
}

const refusal = (text: string): LabaError =>
  new LabaError("engine_unavailable", `${text.charAt(0).toUpperCase()}${text.slice(1)}.`)

/** Makes the names of new files durable. Windows knows no such thing. */
function syncDirectory(directory: string): void {
  if (process.platform === "win32") return
  const file = openSync(directory, "r")
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
