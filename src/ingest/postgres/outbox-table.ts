// An outbox as a table: what it must look like, and what is asked of it.
//
// Numbers of rows are given before their transactions commit, so a row with a smaller number may become visible after one with a
// larger. Rows are therefore read in the order of (transaction, number), and only those whose transaction is older than every
// transaction that is still under way (pg_snapshot_xmin): behind what was read nothing can appear any more.
import type { Client } from "pg"
import type { SourceMessage } from "../source.ts"

/** The place of a row; null is before the first. */
export interface OutboxPlace {
  readonly transaction: string
  readonly id: string
}

interface OutboxRow {
  readonly transaction_id: string
  readonly id: string
  readonly topic: string | null
  readonly key: string | Buffer | null
  readonly body: string | Buffer | null
  readonly content_type: string | null
  readonly headers: Readonly<Record<string, unknown>> | null
  readonly time: string | null
}

/** The first version with transaction ids of 64 bits. */
const versionMin = 130_000

const transactionDigits = 20
const idDigits = 19

const optional = ["topic", "key", "content_type", "headers", "created_at"] as const

/** No more rows are counted. */
const countMax = 1_000_000

const encoder = new TextEncoder()

const bytesOf = (value: string | Buffer | null): Uint8Array | null =>
  typeof value === "string" ? encoder.encode(value) : value

const positionOf = ({ transaction, id }: OutboxPlace): string =>
  `${transaction.padStart(transactionDigits, "0")}-${id.padStart(idDigits, "0")}`

export function placeOf(position: string): OutboxPlace {
  const [transaction, id] = position.split("-").map((digits) => digits.replace(/^0+(?=\d)/, ""))
  return { transaction: transaction ?? "0", id: id ?? "0" }
}

export class OutboxTable {
  /** What a `SourceMessage` calls its partition: this table of this cluster of servers, also after a replica took over. */
  readonly partition: string
  /** As the server quotes it. */
  readonly name: string
  private readonly columns: ReadonlyMap<string, string>

  private constructor(name: string, partition: string, columns: ReadonlyMap<string, string>) {
    this.name = name
    this.partition = partition
    this.columns = columns
  }

  /** Throws a sentence for people where the table is not what it must be. */
  static async find(client: Client, table: string): Promise<OutboxTable> {
    const { rows: servers } = await client.query<{ version: string; system: string; database: string }>(
      `SELECT current_setting('server_version_num') AS version,
        (SELECT system_identifier::text FROM pg_control_system()) AS system,
        (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database`,
    )
    const [server] = servers
    if (!server || Number(server.version) < versionMin) throw new Error("it must be version 13 or newer")
    const { rows: tables } = await client.query<{ oid: string | null; name: string }>(
      "SELECT to_regclass($1)::oid::text AS oid, to_regclass($1)::text AS name",
      [table],
    )
    const [found] = tables
    if (!found?.oid) throw new Error(`there is no table ${table}`)
    const { rows } = await client.query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
        WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped`,
      [found.oid],
    )
    const columns = new Map(rows.map(({ name, type }) => [name, type]))
    const wrong = wrongColumn(columns)
    if (wrong !== null) throw new Error(`the table ${table} ${wrong}`)
    return new OutboxTable(found.name, `${server.system}/${server.database}.${found.oid}`, columns)
  }

  /** Rows behind a place, as many as hold about so many bytes, at least one. */
  async rowsBehind(
    client: Client,
    place: OutboxPlace | null,
    { rows: rowsMax, bytes }: { readonly rows: number; readonly bytes: number },
  ): Promise<readonly OutboxRow[]> {
    const body = this.columns.get("body") === "bytea" ? "body" : "body::text"
    const { rows } = await client.query<OutboxRow>({
      name: `laba ${this.partition}`,
      text: `SELECT * FROM (
          SELECT *, sum(coalesce(octet_length(body), 0)) OVER (ORDER BY transaction_id, id) AS behind FROM (
            SELECT transaction_id, id, ${this.picked("topic")}, ${this.picked("key")}, ${body} AS body,
              ${this.picked("content_type")}, ${this.picked("headers")},
              ${this.columns.has("created_at") ? "(extract(epoch FROM created_at) * 1000)::bigint" : "NULL"} AS time
            FROM ${this.name}
            WHERE (transaction_id, id) > ($1::xid8, $2::bigint)
              AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY transaction_id, id LIMIT $3
          ) AS picked
        ) AS summed WHERE behind - coalesce(octet_length(body), 0) < $4 ORDER BY transaction_id, id`,
      values: [place?.transaction ?? "0", place?.id ?? "0", rowsMax, bytes],
    })
    return rows
  }

  messageOf(row: OutboxRow): SourceMessage {
    const { transaction_id, id, topic, key, body, content_type, headers, time } = row
    return {
      partition: this.partition,
      position: positionOf({ transaction: transaction_id, id }),
      topic: topic ?? "",
      key: bytesOf(key),
      body: bytesOf(body),
      contentType: content_type,
      headers: new Map(
        Object.entries(headers ?? {}).map(([name, value]) => [
          name,
          encoder.encode(typeof value === "string" ? value : JSON.stringify(value)),
        ]),
      ),
      fields: { id },
      time: time === null ? null : Number(time),
    }
  }

  async delete(client: Client, ids: readonly string[]): Promise<void> {
    await client.query(`DELETE FROM ${this.name} WHERE id = ANY($1::bigint[])`, [ids])
  }

  async countBehind(client: Client, place: OutboxPlace | null): Promise<number> {
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*) AS count FROM (SELECT 1 FROM ${this.name}
        WHERE (transaction_id, id) > ($1::xid8, $2::bigint) LIMIT ${countMax}) AS picked`,
      [place?.transaction ?? "0", place?.id ?? "0"],
    )
    return Number(rows[0]?.count ?? 0)
  }

  /** Whether rows came from another server, as from a dump: here their transactions are in the future. */
  async hasFutureRows(client: Client): Promise<boolean> {
    const { rows } = await client.query(
      `SELECT 1 FROM ${this.name} WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT 1`,
    )
    return rows.length > 0
  }

  /** The place before the first row that was written at this time or later. Null: before all. */
  async placeAt(client: Client, time: number): Promise<OutboxPlace | null> {
    if (!this.columns.has("created_at")) throw new Error("The table has no created_at.")
    const { rows } = await client.query<{ transaction_id: string; id: string }>(
      `SELECT transaction_id, id FROM ${this.name} WHERE created_at < to_timestamp($1::float8 / 1000)
        ORDER BY transaction_id DESC, id DESC LIMIT 1`,
      [time],
    )
    const [row] = rows
    return row ? { transaction: row.transaction_id, id: row.id } : null
  }

  /** Of a table that keeps its rows: where this reader is. */
  async readProgress(client: Client, reader: string): Promise<OutboxPlace | null> {
    const { rows } = await client.query<{ transaction_id: string; id: string }>(
      `SELECT transaction_id, id FROM ${this.progressName} WHERE reader = $1`,
      [reader],
    )
    const [row] = rows
    return row ? { transaction: row.transaction_id, id: row.id } : null
  }

  async writeProgress(client: Client, reader: string, place: OutboxPlace | null): Promise<void> {
    await client.query(
      `INSERT INTO ${this.progressName} (reader, transaction_id, id) VALUES ($1, $2::xid8, $3::bigint)
        ON CONFLICT (reader) DO UPDATE SET transaction_id = excluded.transaction_id, id = excluded.id`,
      [reader, place?.transaction ?? "0", place?.id ?? "0"],
    )
  }

  /** Beside the table, in its schema. */
  private get progressName(): string {
    return this.name.endsWith('"') ? `${this.name.slice(0, -1)}_progress"` : `${this.name}_progress`
  }

  private picked(column: (typeof optional)[number]): string {
    const type = this.columns.get(column)
    if (type === undefined) return `NULL AS ${column}`
    return type === "bytea" || type === "jsonb" || type === "json" ? column : `${column}::text AS ${column}`
  }
}

function wrongColumn(columns: ReadonlyMap<string, string>): string | null {
  const transaction = columns.get("transaction_id")
  if (transaction === undefined) return "has no column transaction_id, with which rows are read in order"
  if (transaction !== "xid8") return `has a column transaction_id of type ${transaction}, which must be xid8`
  const id = columns.get("id")
  if (id !== "bigint" && id !== "integer") return "has no column id of type bigint"
  const body = columns.get("body")
  if (body === undefined) return "has no column body"
  if (!/^(bytea|text|json|jsonb|character varying)$/.test(body))
    return `has a column body of type ${body}, which must be text, bytea, json or jsonb`
  const headers = columns.get("headers")
  if (headers !== undefined && headers !== "jsonb" && headers !== "json")
    return `has a column headers of type ${headers}, which must be jsonb`
  return null
}
