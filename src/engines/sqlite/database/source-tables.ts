// Which messages of event sources were published, on disk: a row for each source partition's position, and a row of ids for each commit that had
// any. Knows rows, not what they mean.
import type { DatabaseFile } from "./database-file.ts"

/** Rows of ids deleted at once. */
const expireMax = 1000

/** An id that was published. Arrays, since there may be hundreds of thousands. */
export type SourceIdRecord = readonly [partition: string, id: string, expiresAt: number, countMax: number]

/** What one commit published of event sources. */
export interface SourceRecords {
  /** The newest of each partition. */
  readonly positions: ReadonlyMap<string, string>
  readonly ids: readonly SourceIdRecord[]
}

export class SourceTables {
  private readonly database: DatabaseFile

  constructor(database: DatabaseFile) {
    this.database = database
  }

  /** Within a transaction. */
  write({ positions, ids }: SourceRecords): void {
    for (const [partition, position] of positions)
      this.database.query("INSERT OR REPLACE INTO source_positions VALUES (?, ?)").run(partition, position)
    if (ids.length === 0) return
    const expires = ids.reduce((latest, [, , expiresAt]) => Math.max(latest, expiresAt), 0)
    this.database
      .query("INSERT INTO source_ids(expires, entries) VALUES (?, ?)")
      .run(expires, JSON.stringify(ids))
  }

  positions(): { partition: string; position: string }[] {
    const sql = "SELECT partition, position FROM source_positions"
    return this.database.query<{ partition: string; position: string }, []>(sql).all()
  }

  /** Every id that still lives, oldest first. */
  *ids(now: number): Generator<SourceIdRecord> {
    const sql = "SELECT entries FROM source_ids WHERE expires > ? ORDER BY batch"
    for (const row of this.database.query<{ entries: string }, [number]>(sql).all(now))
      yield* JSON.parse(row.entries) as SourceIdRecord[]
  }

  /** Within a transaction: forgets ids whose time is over. */
  expire(now: number): void {
    const sql =
      "DELETE FROM source_ids WHERE batch IN (SELECT batch FROM source_ids WHERE expires <= ? LIMIT ?)"
    this.database.query(sql).run(now, expireMax)
  }

  /** Within a transaction: forgets partitions whose names begin so. */
  forget(prefix: string): void {
    const sql = "DELETE FROM source_positions WHERE substr(partition, 1, length(?1)) = ?1"
    this.database.query(sql).run(prefix)
  }
}
