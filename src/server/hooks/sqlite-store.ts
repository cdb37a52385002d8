// What backends must hear, kept in a file beside the history. Written a transaction a turn, so that ten thousand connections
// that come back at once cost a hundred writes and not ten thousand; on the disk before anybody is told it is kept.
import { Database } from "bun:sqlite"
import { closeSync, fdatasync, mkdirSync, openSync } from "node:fs"
import { join } from "node:path"
import { LabaError } from "../../../wire/error.ts"
import type { HookNotification, NotificationStore } from "../../hooks/remote/remote.ts"

/** The format of the table. Another one is refused, never guessed at. */
const formatVersion = 1

type Change = { readonly put: HookNotification } | { readonly remove: string }

interface Batch {
  readonly changes: Change[]
  readonly written: PromiseWithResolvers<void>
}

function newBatch(): Batch {
  const written = Promise.withResolvers<void>()
  // Not everybody who adds to a batch waits for it.
  written.promise.catch(() => undefined)
  return { changes: [], written }
}

export class SqliteNotificationStore implements NotificationStore {
  readonly durable = true
  private readonly database: Database
  private readonly journalFile: number
  private gathering: Batch | null = null
  private writing: Promise<void> | null = null

  /** Throws `engine_unavailable`. */
  static open(directory: string): SqliteNotificationStore {
    const path = join(directory, "hooks.sqlite")
    try {
      mkdirSync(directory, { recursive: true })
      return new SqliteNotificationStore(path)
    } catch (error) {
      if (error instanceof LabaError) throw error
      throw new LabaError("engine_unavailable", `${path} cannot be used: ${(error as Error).message}.`, {
        cause: error,
      })
    }
  }

  private constructor(path: string) {
    this.database = new Database(path, { create: true, readwrite: true })
    try {
      this.database.run("PRAGMA busy_timeout=1000")
      // Held for as long as the process lives, and by the system: what another process has open is not told twice.
      this.database.run("PRAGMA locking_mode=EXCLUSIVE")
      this.database.run("PRAGMA journal_mode=WAL")
      // We wait for the disk ourselves, off the loop.
      this.database.run("PRAGMA synchronous=NORMAL")
      const { user_version: version } = this.database.query("PRAGMA user_version").get() as {
        user_version: number
      }
      if (version !== 0 && version !== formatVersion)
        throw new LabaError(
          "engine_unavailable",
          `${path} has format ${version}, and this version of Laba knows ${formatVersion}; nothing in it was changed.`,
        )
      this.database.run(
        "CREATE TABLE IF NOT EXISTS tells(id TEXT PRIMARY KEY, hook TEXT NOT NULL, time INTEGER NOT NULL, event TEXT NOT NULL) WITHOUT ROWID",
      )
      this.database.run(`PRAGMA user_version=${formatVersion}`)
      this.journalFile = openSync(`${path}-wal`, "r+")
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  load(): HookNotification[] {
    const rows = this.database
      .query<{ id: string; hook: string; time: number; event: string }, []>(
        "SELECT * FROM tells ORDER BY time, id",
      )
      .all()
    return rows.map(({ event, ...row }) => ({
      ...row,
      event: JSON.parse(event) as HookNotification["event"],
    }))
  }

  /** Throws `engine_unavailable` when it cannot be kept. */
  put(notification: HookNotification): Promise<void> {
    return this.add({ put: notification })
  }

  /** What cannot be removed is told once more after a restart, with the same id. */
  remove(id: string): void {
    this.add({ remove: id }).catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.writing
    this.database.close()
    closeSync(this.journalFile)
  }

  /** One batch is being written, and one gathers behind it. */
  private add(change: Change): Promise<void> {
    this.gathering ??= newBatch()
    const { changes, written } = this.gathering
    changes.push(change)
    this.writing ??= this.writeAll()
    return written.promise
  }

  private async writeAll(): Promise<void> {
    // Whatever else this turn brings goes into the same transaction.
    await new Promise((resolve) => setImmediate(resolve))
    for (let batch = this.gathering; batch; batch = this.gathering) {
      this.gathering = null
      try {
        this.commit(batch.changes)
        await synced(this.journalFile)
        batch.written.resolve()
      } catch (cause) {
        const says = `What hooks have to tell cannot be written down: ${(cause as Error).message}.`
        batch.written.reject(new LabaError("engine_unavailable", says, { cause, retryAfterSeconds: 2 }))
      }
    }
    this.writing = null
  }

  private commit(changes: readonly Change[]): void {
    const put = this.database.query("INSERT OR REPLACE INTO tells VALUES (?, ?, ?, ?)")
    const remove = this.database.query("DELETE FROM tells WHERE id = ?")
    this.database.transaction(() => {
      for (const change of changes) {
        if ("remove" in change) remove.run(change.remove)
        else {
          const { id, hook, time, event } = change.put
          put.run(id, hook, time, JSON.stringify(event))
        }
      }
    })()
  }
}

const synced = (file: number): Promise<void> =>
  new Promise((resolve, reject) => fdatasync(file, (error) => (error ? reject(error) : resolve())))
