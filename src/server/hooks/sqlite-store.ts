// What backends must hear, kept in a file beside the history. Written a transaction a turn, so that ten thousand connections
// that come back at once cost a hundred writes and not ten thousand; on the disk before anybody is told it is kept.
import { Database } from "bun:sqlite"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { join } from "node:path"
import { LabaError } from "../../../wire/error.ts"
import { syncToDisk } from "../../engines/sqlite/database/sync-to-disk.ts"
import { databaseErrorOf } from "../../engines/sqlite/database/database-errors.ts"
import { GroupCommit } from "../../engines/sqlite/group-commit.ts"
import type { HookNotification, NotificationStore } from "../../hooks/remote/remote.ts"

/** The format of the table. Another one is refused, never guessed at. */
const formatVersion = 1

interface Change {
  /** What is to be kept; null to forget it. */
  readonly notification: HookNotification | null
  readonly id: string
  readonly json: string
  readonly written: PromiseWithResolvers<void>
}

export class SqliteNotificationStore implements NotificationStore {
  readonly durable = true
  private readonly database: Database
  private readonly journalFile: number
  private readonly commits: GroupCommit<Change>

  /** Throws `engine_unavailable`. */
  static open(directory: string, onTrouble: (says: string | null) => void): SqliteNotificationStore {
    const path = join(directory, "hooks.sqlite")
    try {
      mkdirSync(directory, { recursive: true })
      return new SqliteNotificationStore(path, onTrouble)
    } catch (error) {
      if (error instanceof LabaError) throw error
      throw new LabaError("engine_unavailable", `${path} cannot be used: ${(error as Error).message}.`, {
        cause: error,
      })
    }
  }

  private constructor(path: string, onTrouble: (says: string | null) => void) {
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
    this.commits = new GroupCommit<Change>(
      {
        write: (changes) => this.write(changes),
        sync: () => syncToDisk(this.journalFile),
        settle: (changes) => changes.forEach(({ written }) => written.resolve()),
        fail(changes, error) {
          for (const { written } of changes) written.reject(error)
          return false
        },
        upkeep: () => Promise.resolve(),
        judge: (error) => ({ ...databaseErrorOf(error, path), error: cannotBeKept(error as Error) }),
        onTrouble,
      },
      Date.now,
    )
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
    return this.add(notification.id, notification)
  }

  /** What cannot be removed is told once more after a restart, with the same id. */
  remove(id: string): void {
    this.add(id, null).catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.commits.end()
    this.database.close()
    closeSync(this.journalFile)
  }

  private async add(id: string, notification: HookNotification | null): Promise<void> {
    this.commits.check()
    const json = notification ? JSON.stringify(notification.event) : ""
    const written = Promise.withResolvers<void>()
    this.commits.submit({ notification, id, json, written }, json.length)
    await written.promise
  }

  private write(changes: readonly Change[]): void {
    const put = this.database.query("INSERT OR REPLACE INTO tells VALUES (?, ?, ?, ?)")
    const remove = this.database.query("DELETE FROM tells WHERE id = ?")
    this.database.transaction(() => {
      for (const { notification, id, json } of changes) {
        if (notification) put.run(id, notification.hook, notification.time, json)
        else remove.run(id)
      }
    })()
  }
}

const cannotBeKept = (cause: Error): LabaError =>
  new LabaError("engine_unavailable", `What hooks have to tell cannot be written down: ${cause.message}.`, {
    cause,
    retryAfterSeconds: 2,
  })
