// What the guide says of PostgreSQL, as it stands there: its example, and the rights that it names.
import { expect, test } from "bun:test"
import pg from "pg"
import { postgres } from "../../src/ingest/postgres/postgres.ts"
import { freePort } from "../support/brokers/broker-process.ts"
import { startPostgres } from "../support/postgres.ts"
import { readText } from "../tree.ts"
import { runGuide } from "./guide-page.ts"
import { Received } from "./received.ts"

const outbox = readText("examples/ingest-postgres/outbox.sql")
const page = readText("docs/guide/ingest-postgres.md")

async function withShop(work: (url: string, shop: pg.Client) => Promise<void>): Promise<void> {
  using server = startPostgres({ port: await freePort() })
  const url = server.networkUrl(server.database())
  const shop = new pg.Client(url)
  await shop.connect()
  await shop.query(outbox)
  try {
    await work(url, shop)
  } finally {
    await shop.end()
  }
}

test("the page of PostgreSQL runs", async () => {
  await withShop(async (url) => {
    const from = "postgres://laba:secret@127.0.0.1:5432/shop"
    expect(await runGuide("postgres", { from, to: url })).toContain('"data":{"order":"A-1","price":1}')
  })
}, 60_000)

test("the rights that the page names are enough", async () => {
  await withShop(async (url, shop) => {
    const grants = [...page.matchAll(/^GRANT .*?;/gm)].map(([grant]) => grant)
    await shop.query("CREATE USER reader PASSWORD 'secret'")
    for (const [keep, needed] of [
      [false, grants.slice(0, 1)],
      [true, grants.slice(1)],
    ] as const) {
      await shop.query("REVOKE ALL ON laba_outbox, laba_outbox_progress FROM reader")
      for (const grant of needed) await shop.query(grant.replace("TO laba", "TO reader"))
      const settings = postgres.schema.parse({ url: url.replace(/laba:[^@]+/, "reader:secret"), keep })
      const received = new Received()
      const context = { name: "x", node: null, clientId: "x", inFlight: { messages: 10, bytes: 1000 } }
      const source = await postgres.open(settings, received, context)
      received.source = source
      await shop.query("INSERT INTO laba_outbox (body) VALUES ('m')")
      await received.has(1)
      await Bun.sleep(300)
      expect(received.events).toEqual(["running"])
      await source.close()
    }
  })
}, 60_000)
