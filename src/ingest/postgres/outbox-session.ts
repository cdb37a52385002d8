// One connection to PostgreSQL, from its opening to its end: reads the outbox in order, woken by NOTIFY, and deletes what was settled,
// or notes how far it was. Knows nothing of what comes behind it; `postgres-source.ts` makes another one.
import type { Client } from "pg"
import { within } from "../../bounds/within.ts"
import type { SeekPlace, SourceMessage, SourceReceiver } from "../source.ts"
import { type OutboxPlace, OutboxTable, placeOf } from "./outbox-table.ts"
import type { PostgresSettings } from "./postgres-settings.ts"

interface SessionOptions {
  readonly client: Client
  readonly settings: PostgresSettings
  readonly receiver: SourceReceiver
  readonly inFlight: { readonly messages: number; readonly bytes: number }
}

/** Rows that are asked for at once. */
const rowsMax = 500
/** Between two looks for rows: short behind the last, since a transaction that was under way may be all that is in the way. */
const lookMs = { first: 20, last: 1000 }
/** What is settled is deleted, or noted, as often. */
const noteMs = 100
const goodbyeMs = 2000

/** A host that has gone without a word must not keep the lock for hours. Seconds, and how often. */
const keepAlive =
  "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"

export class OutboxSession {
  private readonly options: SessionOptions
  private readonly over = Promise.withResolvers<void>()
  private isOver = false
  private table: OutboxTable | null = null
  /** What is read next lies behind it. */
  private place: OutboxPlace | null = null
  private settled: OutboxPlace | null = null
  private settledIds: string[] = []
  private noting: Promise<void> = Promise.resolve()
  private noteTimer: Timer | undefined
  /** Which reading this is: each seek begins another. */
  private round = 0
  private woken = Promise.withResolvers<void>()
  private paused = false

  constructor(options: SessionOptions) {
    this.options = options
    const { client } = options
    client.on("error", (error) => this.fail(error))
    client.on("notification", () => this.wake())
    // Whoever asks hears of it by run().
    this.over.promise.catch(() => {})
  }

  /** Resolves when it was ended; rejects with what made it fail. */
  async run(): Promise<void> {
    try {
      await Promise.race([this.begin(), this.over.promise])
      await Promise.race([this.read(this.round), this.over.promise])
      await this.over.promise
    } finally {
      this.isOver = true
      this.round++
      this.wake()
      clearTimeout(this.noteTimer)
      await this.options.receiver.release("all")
      await within(goodbyeMs, this.note()).catch(() => {})
      await within(goodbyeMs, this.options.client.end()).catch(() => {})
    }
  }

  end(): void {
    this.over.resolve()
  }

  settle(messages: readonly SourceMessage[]): void {
    const { table } = this
    for (const { partition, position, fields } of messages) {
      if (partition !== table?.partition || position === null) continue
      this.settled = placeOf(position)
      this.settledIds.push(fields["id"] as string)
    }
    this.noteTimer ??= setTimeout(() => void this.noteSoon(), noteMs)
  }

  async lag(): Promise<number | null> {
    const { table, options } = this
    return table ? table.countBehind(options.client, this.settled) : null
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.wake()
  }

  async seek(place: SeekPlace): Promise<boolean> {
    const { table, options } = this
    const { client, settings, receiver } = options
    if (!table) throw new Error("PostgreSQL is away.")
    if (typeof place === "object" && "partition" in place && place.partition !== table.partition)
      throw new Error(`It reads the partition ${table.partition}, not ${place.partition}.`)
    let to: OutboxPlace | null = null
    if (place !== "start")
      to = "time" in place ? await table.placeAt(client, place.time) : before(placeOf(place.position))
    const round = ++this.round
    this.wake()
    await receiver.release("all")
    await this.note()
    this.place = to
    this.settled = to
    if (settings.keep) await table.writeProgress(client, settings.reader, to)
    if (round === this.round && !this.isOver) void this.read(round)
    return true
  }

  private fail(error: unknown): void {
    this.over.reject(error)
  }

  private async begin(): Promise<void> {
    const { client, settings, receiver } = this.options
    await client.connect()
    // Before, connecting itself says why it failed.
    client.on("end", () => this.fail(new Error("the connection was ended")))
    // Over a local socket there is nothing to keep alive, and the server only warns.
    await client.query(keepAlive)
    const table = await OutboxTable.find(client, settings.table)
    const { rows } = await client.query<{ locked: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked",
      [`laba ${settings.keep ? settings.reader : ""} ${table.partition}`],
    )
    if (!rows[0]?.locked) throw new Error(`somebody else reads ${settings.table}`)
    await client.query(`LISTEN ${client.escapeIdentifier(settings.notify)}`)
    if (settings.keep) this.place = await table.readProgress(client, settings.reader)
    this.settled = this.place
    this.table = table
    receiver.running()
    if (await table.hasFutureRows(client))
      receiver.trouble(
        `PostgreSQL: rows of ${settings.table} are of another server's transactions. Write them anew: UPDATE ${settings.table} SET transaction_id = pg_current_xact_id().`,
      )
  }

  private async read(round: number): Promise<void> {
    try {
      const { client, receiver, inFlight } = this.options
      const bounds = { rows: Math.min(rowsMax, inFlight.messages), bytes: inFlight.bytes }
      let taken = Promise.resolve()
      let waitMs = lookMs.first
      while (round === this.round) {
        const { table } = this
        if (!table) return
        // Whatever wakes us from here on tells of what this look may miss.
        this.woken = Promise.withResolvers()
        const rows = this.paused ? [] : await table.rowsBehind(client, this.place, bounds)
        if (round !== this.round) return
        const last = rows.at(-1)
        if (last) {
          this.place = { transaction: last.transaction_id, id: last.id }
          await taken
          if (round !== this.round) return
          taken = receiver.take(rows.map((row) => table.messageOf(row)))
          waitMs = lookMs.first
          continue
        }
        if (await within(waitMs, this.woken.promise)) waitMs = lookMs.first
        else waitMs = Math.min(lookMs.last, waitMs * 2)
      }
    } catch (error) {
      if (round === this.round) this.fail(error)
    }
  }

  private wake(): void {
    this.woken.resolve()
  }

  private async noteSoon(): Promise<void> {
    this.noteTimer = undefined
    try {
      await this.note()
    } catch (error) {
      this.fail(error)
    }
  }

  /** One at a time: a note must not be overtaken by the one before it. */
  private note(): Promise<void> {
    this.noting = this.noting.catch(() => {}).then(() => this.noteNow())
    return this.noting
  }

  private async noteNow(): Promise<void> {
    const { table, settledIds, settled, options } = this
    if (!table || settledIds.length === 0) return
    this.settledIds = []
    if (options.settings.keep) await table.writeProgress(options.client, options.settings.reader, settled)
    else await table.delete(options.client, settledIds)
  }
}

/** So that reading behind it begins with it. */
const before = ({ transaction, id }: OutboxPlace): OutboxPlace => ({
  transaction,
  id: String(BigInt(id) - 1n),
})
