// An outbox of PostgreSQL as the suite of all sources drives it.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import pg from "pg"
import { freePort } from "../../support/brokers/broker-process.ts"
import { startPostgres } from "../../support/postgres.ts"
import type { SourceDriver } from "../driver.ts"

const ddl = readFileSync(join(import.meta.dir, "../../../examples/ingest-postgres/outbox.sql"), "utf8")

export async function postgresDriver(): Promise<SourceDriver> {
  const server = startPostgres({ port: await freePort() })
  const url = server.networkUrl(server.database())
  const withClient = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url, query_timeout: 10_000 })
    client.on("error", () => {})
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end().catch(() => {})
    }
  }
  await withClient(async (client) => {
    await client.query(ddl)
    // Bytes that are no text are among what is written.
    await client.query("ALTER TABLE laba_outbox ALTER body TYPE bytea USING convert_to(body, 'UTF8')")
    await client.query("CREATE TABLE written (batch bigint PRIMARY KEY)")
  })
  let batches = 0
  return {
    ingest: { postgres: { url } },
    async produce(messages) {
      const batch = ++batches
      for (;;) {
        try {
          // One transaction, with a number of its own: what was written before an answer was lost is not written twice.
          await withClient(async (client) => {
            await client.query("BEGIN")
            await client.query("INSERT INTO written (batch) VALUES ($1)", [batch])
            for (const { key, body } of messages)
              await client.query("INSERT INTO laba_outbox (topic, key, body) VALUES ('orders', $1, $2)", [
                key,
                Buffer.from(body ?? ""),
              ])
            await client.query("COMMIT")
          })
          return
        } catch (error) {
          if ((error as { code?: string }).code === "23505") return
          await Bun.sleep(100)
        }
      }
    },
    kill: async () => server.kill(),
    restart: async () => server.restart(),
    unacknowledged: () =>
      withClient(async (client) =>
        Number((await client.query("SELECT count(*) FROM laba_outbox")).rows[0].count),
      ),
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]()
    },
  }
}
