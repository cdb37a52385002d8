// Opens the database that a URL names: a file of SQLite, or PostgreSQL. Both speak through Bun's one SQL client; what
// differs between them is here and in the schema.
import { SQL } from "bun"
import { dirname } from "node:path"
import { makePrivateFolder } from "../../kit/command/private-folder.ts"
import { KeyedMutex } from "../../kit/keyed-mutex.ts"
import type { Database, Sql } from "./database.ts"
import { schema, schemaVersion } from "./schema.ts"

/** Connections to PostgreSQL. An order takes a few milliseconds, so ten serve some thousand a second. */
const connectionsMax = 10

/** What takes PostgreSQL longer, a lock that somebody holds among it, fails and is tried again by whoever asked. */
const statementMsMax = 10_000

/** How long another process may hold the file before we give up, in milliseconds. */
const busyMsMax = 5000

/** `sqlite:PATH`, `sqlite::memory:`, or `postgres://user:password@host:port/database`. */
export async function openDatabase(url: string): Promise<Database> {
  const dialect = /^postgres(ql)?:/.test(url) ? "postgres" : "sqlite"
  const opened = dialect === "postgres" ? openPostgres(url) : await openSqlite(url)
  try {
    const run: Sql = (text, ...values) => opened.transaction((sql) => sql(text, ...values))
    return { ...opened, run, id: await prepare(opened) }
  } catch (error) {
    await opened.close()
    throw error
  }
}

type Unprepared = Omit<Database, "id" | "run">

type Client = Bun.SQL | Bun.TransactionSQL

const sqlOf =
  (client: Client): Sql =>
  (text, ...values) =>
    client(text, ...values)

function openPostgres(url: string): Unprepared {
  const client = new SQL(url, {
    max: connectionsMax,
    connection: {
      application_name: "takeaway",
      statement_timeout: String(statementMsMax),
      idle_in_transaction_session_timeout: String(statementMsMax),
    },
  })
  return {
    dialect: "postgres",
    transaction: (steps) => client.begin((transaction) => steps(sqlOf(transaction))),
    close: () => client.close({ timeout: 5 }),
  }
}

async function openSqlite(url: string): Promise<Unprepared> {
  const path = url.replace(/^sqlite:(\/\/)?/, "")
  if (path === "") throw new Error(`${url} names no file; say sqlite:PATH or postgres://…`)
  if (path !== ":memory:") makePrivateFolder(dirname(path))
  const client = new SQL({ adapter: "sqlite", filename: path })
  await client.unsafe(`PRAGMA busy_timeout = ${busyMsMax}`)
  await client.unsafe("PRAGMA journal_mode = WAL")
  // An order is answered after its commit; the commit must then be on the disk and not in a cache.
  await client.unsafe("PRAGMA synchronous = FULL")
  // It is one connection: a second transaction would find itself inside of the first.
  const mutex = new KeyedMutex()
  return {
    dialect: "sqlite",
    transaction: (steps) => mutex.runExclusive("file", () => transactionOn(client, steps)),
    close: () => mutex.runExclusive("file", () => client.close()),
  }
}

/** Takes the lock at the beginning. Taken at the first write, another process could have it, and waiting would not help. */
async function transactionOn<T>(client: Bun.SQL, steps: (sql: Sql) => Promise<T>): Promise<T> {
  await client`BEGIN IMMEDIATE`
  try {
    const result = await steps(sqlOf(client))
    await client`COMMIT`
    return result
  } catch (error) {
    // A full disk rolls back by itself, and then there is nothing to roll back.
    await client`ROLLBACK`.catch(() => {})
    throw error
  }
}

/** Makes what is missing; answers the id of this database. */
function prepare(database: Unprepared): Promise<string> {
  return database.transaction(async (sql) => {
    // Two processes that start together must not make the tables together.
    if (database.dialect === "postgres") await sql`SELECT pg_advisory_xact_lock(${schemaLock})`
    for (const statement of schema(database.dialect)) await sql(asTemplate(statement))
    const [row] = await sql<{ value: string }>`SELECT value FROM setting WHERE name = 'schema'`
    if (!row) await sql`INSERT INTO setting (name, value) VALUES ('schema', ${String(schemaVersion)})`
    else if (Number(row.value) > schemaVersion)
      throw new Error(
        `The database was written by a newer version (${row.value}); this one reads ${schemaVersion}.`,
      )
    await sql`INSERT INTO setting (name, value) VALUES ('books', ${crypto.randomUUID()}) ON CONFLICT (name) DO NOTHING`
    const [books] = await sql<{ value: string }>`SELECT value FROM setting WHERE name = 'books'`
    return books?.value ?? ""
  })
}

/** Any number that nobody else locks. */
const schemaLock = 7_250_001

/** Our own text, without values, in the shape that `Sql` takes. */
function asTemplate(text: string): TemplateStringsArray {
  return Object.defineProperty([text], "raw", { value: [text] }) as unknown as TemplateStringsArray
}
