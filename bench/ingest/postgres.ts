// An outbox of PostgreSQL for each server, as each wants it.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import pg from "pg"
import { freePort } from "../../test/support/brokers/broker-process.ts"
import { startPostgres } from "../../test/support/postgres.ts"
import type { BenchSource, Messages } from "./source.ts"

const ddl = readFileSync(join(import.meta.dir, "../../examples/ingest-postgres/outbox.sql"), "utf8")

/** As its documentation has it, with its notification. */
const centrifugoDdl = (table: string): string => `
  CREATE TABLE ${table} (id bigserial PRIMARY KEY, method text NOT NULL, payload jsonb NOT NULL,
    partition integer NOT NULL DEFAULT 0, created_at timestamptz NOT NULL DEFAULT now());
  CREATE FUNCTION ${table}_notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('${table}', '0'); RETURN NULL; END $$;
  CREATE TRIGGER ${table}_notify AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${table}_notify()`

const tableOf = (reader: string): string => reader.replaceAll("-", "_")

export async function postgresSource({ listeners, bytes }: Messages): Promise<BenchSource> {
  const server = startPostgres({ port: await freePort() })
  const url = server.networkUrl(server.database())
  const client = new pg.Client(url)
  await client.connect()
  const isOurs = (reader: string): boolean => reader.includes("laba")
  return {
    async prepare(reader) {
      await client.query(
        isOurs(reader) ? ddl.replaceAll("laba_outbox", tableOf(reader)) : centrifugoDdl(tableOf(reader)),
      )
    },
    async write(reader, from, count) {
      const payload = `json_build_object('channel', 'u' || lpad((n % ${listeners})::text, 8, '0'),
        'data', json_build_object('n', n, 'text', repeat('x', ${Math.max(0, bytes - 24)})))`
      const table = tableOf(reader)
      const into = isOurs(reader)
        ? `${table} (body) SELECT ${payload}::text`
        : `${table} (method, payload) SELECT 'publish', ${payload}::jsonb`
      await client.query(`INSERT INTO ${into} FROM generate_series(${from}, ${from + count - 1}) AS n`)
    },
    laba: (reader) => ({
      postgres: { url, table: tableOf(reader), notify: tableOf(reader) },
      to: "/{json.channel}",
      data: "{json.data}",
    }),
    centrifugo: (reader) => ({
      type: "postgresql",
      postgresql: {
        dsn: url,
        outbox_table_name: tableOf(reader),
        num_partitions: 1,
        partition_notification_channel: tableOf(reader),
      },
    }),
    async [Symbol.asyncDispose]() {
      await client.end()
      server[Symbol.dispose]()
    },
  }
}
