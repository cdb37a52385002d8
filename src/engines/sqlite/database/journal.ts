// How a commit is written down: one row of JSON for all that came in it, since one row is the cheapest write there is.
// Knows records, not what becomes of them.
import type { MessageHeaders } from "../../../../wire/message-headers.ts"
import type { Publisher } from "../../engine.ts"
import type { Channel } from "../../../channels/channel.ts"
import type { DatabaseFile } from "./database-file.ts"
import { type SourceRecords, SourceTables } from "./source-tables.ts"

/** What one commit accepted, in order. */
export type JournalRecord =
  | {
      readonly kind: "message"
      readonly channel: Channel
      readonly epoch: number
      readonly offset: number
      readonly type: string
      readonly id: string
      readonly time: number
      /** How long its rule keeps it, in milliseconds. */
      readonly keepMs: number
      readonly data: string | Uint8Array
      readonly headers?: MessageHeaders | undefined
    }
  /** The channel was forgotten and begins anew in `epoch`. */
  | { readonly kind: "forget"; readonly channel: Channel; readonly epoch: number }

/** A key that was answered. Arrays, since there may be hundreds of thousands. */
export type KeyRecord = readonly [
  channel: Channel,
  key: string,
  digest: string,
  epoch: string,
  offset: number,
  id: string,
  time: number,
  publisher?: Publisher,
]

type Row =
  | [string, number]
  | [string, number, number, string, string, number, number, string]
  // Bytes, in base64.
  | [string, number, number, string, string, number, number, string, 1]
  // With headers; 0 is text.
  | [string, number, number, string, string, number, number, string, 0 | 1, MessageHeaders]

function printRecords(records: readonly JournalRecord[]): string {
  return JSON.stringify(records.map(rowOf))
}

function rowOf(record: JournalRecord): Row {
  const { channel, epoch } = record
  if (record.kind === "forget") return [channel, epoch]
  const { offset, type, id, time, keepMs, data, headers } = record
  const isText = typeof data === "string"
  const text = isText ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")
  if (headers) return [channel, epoch, offset, type, id, time, keepMs, text, isText ? 0 : 1, headers]
  if (isText) return [channel, epoch, offset, type, id, time, keepMs, text]
  return [channel, epoch, offset, type, id, time, keepMs, text, 1]
}

/** Reads what `printRecords` printed. */
function readRecords(text: string): JournalRecord[] {
  return (JSON.parse(text) as Row[]).map((row): JournalRecord => {
    const channel = row[0] as Channel
    if (row.length === 2) return { kind: "forget", channel, epoch: row[1] }
    const [, epoch, offset, type, id, time, keepMs, payload, isBytes, headers] = row
    const data = isBytes ? new Uint8Array(Buffer.from(payload, "base64")) : payload
    const message = { channel, epoch, offset, type, id, time, keepMs, data }
    return { kind: "message", ...message, ...(headers && { headers }) }
  })
}

/** Rows of receipts deleted at once. */
const expireMax = 1000

/** What one commit writes down. */
interface Commit {
  readonly records: readonly JournalRecord[]
  readonly keys: readonly KeyRecord[]
  readonly keysExpire: number
  /** Null when none of it came from an event source. */
  readonly sources: SourceRecords | null
}

export class Journal {
  readonly sources: SourceTables
  private readonly database: DatabaseFile
  private lastBatch: number

  constructor(database: DatabaseFile) {
    this.database = database
    this.sources = new SourceTables(database)
    const sql =
      "SELECT max((SELECT ifnull(max(batch), 0) FROM journal), (SELECT ifnull(max(batch), 0) FROM receipts)) AS last"
    this.lastBatch = database.query<{ last: number }, []>(sql).get()?.last ?? 0
  }

  /** Commits; answers the number of the batch. Not durable before `database.sync`. Throws what SQLite throws, and then nothing was written. */
  write({ records, keys, keysExpire, sources }: Commit): number {
    const batch = this.lastBatch + 1
    const text = records.length === 0 ? "" : printRecords(records)
    const keysText = keys.length === 0 ? "" : JSON.stringify(keys)
    this.database.transaction(() => {
      if (text !== "") this.database.query("INSERT INTO journal VALUES (?, ?)").run(batch, text)
      if (keysText !== "")
        this.database.query("INSERT INTO receipts VALUES (?, ?, ?)").run(batch, keysExpire, keysText)
      if (sources) this.sources.write(sources)
    })
    this.lastBatch = batch
    return batch
  }

  /** Every batch that is not yet flushed, oldest first. */
  *unflushed(): Generator<{ batch: number; records: JournalRecord[] }> {
    const sql = "SELECT batch, entries FROM journal ORDER BY batch"
    for (const row of this.database.query<{ batch: number; entries: string }, []>(sql).all())
      yield { batch: row.batch, records: readRecords(row.entries) }
  }

  /** Every key that still lives, oldest first. */
  *keys(now: number): Generator<KeyRecord> {
    const sql = "SELECT entries FROM receipts WHERE expires > ? ORDER BY batch"
    for (const row of this.database.query<{ entries: string }, [number]>(sql).all(now))
      yield* JSON.parse(row.entries) as KeyRecord[]
  }

  /** Within a transaction: these batches are flushed. */
  flushedBefore(batch: number): void {
    this.database.query("DELETE FROM journal WHERE batch < ?").run(batch)
  }

  /** Within a transaction: forgets keys whose time is over. All live equally long, so the oldest rows go first. */
  expire(now: number): void {
    const sql =
      "DELETE FROM receipts WHERE batch IN (SELECT batch FROM receipts ORDER BY batch LIMIT ?) AND expires <= ?"
    this.database.query(sql).run(expireMax, now)
  }
}
