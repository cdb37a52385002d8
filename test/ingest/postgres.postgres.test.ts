// Reading an outbox of a real PostgreSQL: in the order of transactions, whenever they commit, with one reader, over restarts.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { postgres } from "../../src/ingest/postgres/postgres.ts"
import type { Source } from "../../src/ingest/source.ts"
import { freePort } from "../support/brokers/broker-process.ts"
import { eventually } from "../support/eventually.ts"
import { startPostgres } from "../support/postgres.ts"
import { bodyText, RecordingReceiver } from "./recording-receiver.ts"

const minuteMs = 60_000
const ddl = readFileSync(join(import.meta.dir, "../../examples/ingest-postgres/outbox.sql"), "utf8")

let server: ReturnType<typeof startPostgres>
let url: string
let writer: pg.Client
const open: Source[] = []

beforeAll(async () => {
  server = startPostgres({ port: await freePort() })
}, minuteMs)
afterAll(() => server[Symbol.dispose](), minuteMs)
beforeEach(async () => {
  url = server.networkUrl(server.database())
  writer = await connect()
  await writer.query(ddl)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()))
  await writer.end().catch(() => {})
})

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => {})
  await client.connect()
  return client
}

interface Reading {
  readonly receiver: RecordingReceiver
  readonly source: Source
}

async function read({
  receiver = new RecordingReceiver(),
  ...settings
}: Record<string, unknown> & { receiver?: RecordingReceiver } = {}): Promise<Reading> {
  const source = await postgres.open(postgres.schema.parse({ url, ...settings }), receiver, {
    name: "test",
    clientId: "laba-test",
    node: "n1",
    inFlight: { messages: 1000, bytes: 1_000_000 },
  })
  receiver.settleAt(source)
  open.push(source)
  return { receiver, source }
}

async function close({ source }: Reading): Promise<void> {
  open.splice(open.indexOf(source), 1)
  await source.close()
}

const bodies = ({ receiver }: Reading): (string | null)[] => receiver.published.map(bodyText)
const heard = (reading: Reading, count: number): Promise<void> =>
  eventually(() => expect(reading.receiver.published.length).toBeGreaterThanOrEqual(count))

const write = (body: string, client = writer): Promise<unknown> =>
  client.query("INSERT INTO laba_outbox (body) VALUES ($1)", [body])

const rowsLeft = async (): Promise<number> =>
  Number((await writer.query("SELECT count(*) FROM laba_outbox")).rows[0].count)

test(
  "tells a row's topic, key, body, type, headers and time, and deletes it once it is settled",
  async () => {
    const before = Date.now()
    await writer.query(
      `INSERT INTO laba_outbox (topic, key, body, content_type, headers) VALUES
        ('sale', 'k', '{"a": 1.00}', 'application/json', '{"trace": "abc", "attempt": 2}'), (NULL, NULL, NULL, NULL, NULL)`,
    )
    const reading = await read()
    await heard(reading, 2)
    const [first, second] = reading.receiver.published
    expect(first?.partition).toMatch(/^\d+\/\d+\.\d+$/)
    expect(first?.position).toMatch(/^\d{20}-\d{18}1$/)
    expect(first?.topic).toBe("sale")
    expect(bodies(reading)).toEqual(['{"a": 1.00}', null])
    expect(Buffer.from(first?.key ?? []).toString()).toBe("k")
    expect(first?.contentType).toBe("application/json")
    expect([...(first?.headers ?? [])].map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual(
      [
        ["trace", "abc"],
        ["attempt", "2"],
      ],
    )
    expect(first?.fields).toEqual({ id: "1" })
    expect(Math.abs((first?.time ?? 0) - before)).toBeLessThan(minuteMs)
    expect(second?.key).toBeNull()
    await eventually(async () => expect(await rowsLeft()).toBe(0))
    expect(reading.receiver.troubles).toEqual([])
  },
  minuteMs,
)

test(
  "misses no row whose transaction commits behind a later one",
  async () => {
    const reading = await read()
    await eventually(() => expect(reading.receiver.runs).toBe(1))
    const slow = await connect()
    await slow.query("BEGIN")
    await write("slow", slow)
    await write("quick")
    await Bun.sleep(1500)
    // What was written later waits for what may still come before it.
    expect(bodies(reading)).toEqual([])
    expect(await reading.source.lag()).toBe(1)
    await slow.query("COMMIT")
    await heard(reading, 2)
    expect(bodies(reading)).toEqual(["slow", "quick"])
    await slow.end()
  },
  minuteMs,
)

test(
  "reads each row once, however many write and roll back at once",
  async () => {
    const reading = await read()
    const writers = await Promise.all([1, 2, 3, 4].map(() => connect()))
    const written: string[] = []
    await Promise.all(
      writers.map(async (client, at) => {
        for (let n = 0; n < 100; n++) {
          await client.query("BEGIN")
          await write(`${at} ${n}`, client)
          if (n % 3 === 0) await Bun.sleep(Math.random() * 5)
          const keeps = n % 7 !== 0
          if (keeps) written.push(`${at} ${n}`)
          await client.query(keeps ? "COMMIT" : "ROLLBACK")
        }
        await client.end()
      }),
    )
    await heard(reading, written.length)
    expect(bodies(reading).toSorted()).toEqual(written.toSorted())
    for (const at of [0, 1, 2, 3]) {
      const own = bodies(reading).filter((body) => body?.startsWith(`${at} `))
      expect(own).toEqual(written.filter((body) => body.startsWith(`${at} `)))
    }
    expect(reading.receiver.repeated).toEqual([])
  },
  minuteMs,
)

test(
  "is woken by a row, and finds rows without being woken",
  async () => {
    const reading = await read()
    await eventually(() => expect(reading.receiver.runs).toBe(1))
    await Bun.sleep(2500)
    const began = performance.now()
    await write("woken")
    await heard(reading, 1)
    expect(performance.now() - began).toBeLessThan(900)
    await writer.query("DROP TRIGGER laba_outbox_notify ON laba_outbox")
    await write("found")
    await heard(reading, 2)
  },
  minuteMs,
)

test(
  "lets one read at a time, and the next go on where it was",
  async () => {
    const marks = new Map<string, string>()
    for (let n = 0; n < 300; n++) await write(String(n))
    const first = await read({ receiver: new RecordingReceiver({ publishMs: 20 }, marks) })
    await heard(first, 100)
    const second = await read({ receiver: new RecordingReceiver({}, marks) })
    await eventually(() => expect(second.receiver.troubles[0]).toContain("somebody else reads laba_outbox"))
    await close(first)
    await eventually(async () => expect(await rowsLeft()).toBe(0))
    expect([...bodies(first), ...bodies(second)]).toEqual(Array.from({ length: 300 }, (_, n) => String(n)))
  },
  minuteMs,
)

test(
  "keeps rows where it is told to, goes on where it noted, and goes back",
  async () => {
    for (const body of ["0", "1", "2"]) await write(body)
    const first = await read({ keep: true })
    await heard(first, 3)
    await close(first)
    await write("3")
    const second = await read({ keep: true })
    await heard(second, 1)
    expect(bodies(second)).toEqual(["3"])
    expect(await rowsLeft()).toBe(4)
    const { partition, position } = first.receiver.published[1] as { partition: string; position: string }
    const again = second.receiver.repeated
    await second.source.seek?.({ partition, position })
    await eventually(() => expect(again.map(bodyText)).toEqual(["1", "2", "3"]))
    await second.source.seek?.("start")
    await eventually(() => expect(again.slice(3).map(bodyText)).toEqual(["0", "1", "2", "3"]))
    const other = await read({ keep: true, reader: "other" })
    await heard(other, 4)
  },
  minuteMs,
)

test(
  "goes on after the server was killed",
  async () => {
    const reading = await read({ receiver: new RecordingReceiver({ publishMs: 10 }) })
    await writer.query("INSERT INTO laba_outbox (body) SELECT n::text FROM generate_series(0, 1999) AS n")
    await heard(reading, 300)
    server.kill()
    await eventually(() => expect(reading.receiver.troubles.length).toBeGreaterThan(0))
    server.restart()
    writer = await connect()
    await write("2000")
    await heard(reading, 2001)
    expect(bodies(reading)).toEqual(Array.from({ length: 2001 }, (_, n) => String(n)))
  },
  minuteMs,
)

test(
  "hands over no more than is asked for, in rows and bytes",
  async () => {
    const receiver = new RecordingReceiver({ inFlightMax: 1 })
    receiver.held = true
    await writer.query(
      "INSERT INTO laba_outbox (body) SELECT repeat('x', 300000) FROM generate_series(1, 50)",
    )
    await read({ receiver })
    await eventually(() => expect(receiver.inFlightSeen).toBeGreaterThan(0))
    await Bun.sleep(500)
    // A million bytes, and the row that reaches it.
    expect(receiver.inFlightSeen).toBe(4)
  },
  minuteMs,
)

test(
  "says what is wrong with the table, the user, the password and the certificate",
  async () => {
    const troubleOf = async (settings: Record<string, unknown>): Promise<string> => {
      const reading = await read(settings)
      await eventually(() => expect(reading.receiver.troubles.length).toBeGreaterThan(0))
      await close(reading)
      return reading.receiver.troubles[0] as string
    }
    await writer.query("CREATE TABLE plain (id bigint, body text)")
    await writer.query("CREATE TABLE odd (id bigint, transaction_id bigint, body text)")
    expect(await troubleOf({ table: "missing" })).toBe("PostgreSQL: there is no table missing.")
    expect(await troubleOf({ table: "plain" })).toContain("has no column transaction_id")
    expect(await troubleOf({ table: "odd" })).toContain("of type bigint, which must be xid8")
    expect(await troubleOf({ url: url.replace("a-secret", "wrong-secret") })).toBe(
      "PostgreSQL: it refuses the user or the password.",
    )
    expect(await troubleOf({ url: url.replace(/[^/]+$/, "nowhere") })).toBe(
      "PostgreSQL: there is no such database.",
    )
    expect(await troubleOf({ tls: true })).toMatch(/certificate/i)
    const ca = join(mkdtempSync(join(tmpdir(), "laba-ca-")), "ca.pem")
    writeFileSync(ca, server.certificate)
    const reading = await read({ tls: { ca } })
    await write("hidden")
    await heard(reading, 1)
  },
  minuteMs,
)

test(
  "says that rows are of another server's transactions",
  async () => {
    await writer.query("INSERT INTO laba_outbox (transaction_id, body) VALUES ('999999999999', 'restored')")
    const reading = await read()
    await eventually(() => expect(reading.receiver.troubles[0]).toContain("another server"))
    await writer.query("UPDATE laba_outbox SET transaction_id = pg_current_xact_id()")
    await heard(reading, 1)
  },
  minuteMs,
)

test("shows no password", () => {
  const parsed = postgres.schema.parse({ url: "postgres://laba:a-secret@db:5432/shop" })
  expect(postgres.describe(parsed)).toBe("postgres laba_outbox in shop at db:5432")
})
