// The trades of the payment simulator: what it has taken it remembers on disk; its callbacks it can delay, double, reorder and lose,
// as real ones do. Knows no HTTP but the callbacks' own.
import { Database } from "bun:sqlite"
import { z } from "zod"
import { Problem } from "../../kit/http/problem.ts"
import { signatureHeader } from "../payments/http-provider.ts"
import type { Callback, TradeNow } from "../payments/provider.ts"
import { signatureOf } from "../payments/signed-body.ts"

const chance = z.number().min(0).max(1)

/** How badly callbacks travel. Chances are 0 to 1. */
export const weatherSchema = z.strictObject({
  /** Each callback is late by a random time up to this. Default 0. */
  delayMsMax: z.number().min(0).max(600_000),
  /** Comes twice. */
  doubled: chance,
  /** Never comes; only asking tells. */
  lost: chance,
  /** The first attempt to pay a trade is declined, and told so. */
  declined: chance,
  /** Comes after the next one of its trade, and not before: who is told "declined" last was paid first. */
  reordered: chance,
})

export type Weather = z.output<typeof weatherSchema>

export const openedSchema = z.object({
  reference: z.string().min(1),
  amount: z.int().min(0),
  currency: z.string(),
  callback: z.url({ protocol: /^https?$/ }),
})

interface TradesOptions {
  /** A file, or `:memory:`. */
  readonly path: string
  /** Signs what is told. */
  readonly secret: string
  readonly weather?: Partial<Weather> | undefined
  /** Chance source, for tests. */
  readonly random?: (() => number) | undefined
}

interface TradeRow {
  reference: string
  amount: number
  currency: string
  callback: string
  state: "open" | "closed" | "paid" | "refunded"
  payment: string | null
}

const fair: Weather = { delayMsMax: 0, doubled: 0, lost: 0, declined: 0, reordered: 0 }

/** A callback that is not answered with success is sent again so often, a second apart. */
const attemptsMax = 5

const tables = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS trades (
  reference TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, callback TEXT NOT NULL,
  state TEXT NOT NULL, payment TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS trades_by_payment ON trades (payment);`

export class SimulatedTrades {
  readonly weather: Weather
  private readonly secret: string
  private readonly random: () => number
  private readonly database: Database
  /** Trades whose first attempt was declined, and callbacks that wait to be overtaken, by trade. */
  private readonly declined = new Set<string>()
  private readonly held = new Map<string, string>()
  private readonly timers = new Set<ReturnType<typeof setTimeout>>()

  constructor({ path, secret, weather, random = Math.random }: TradesOptions) {
    this.weather = { ...fair, ...weather }
    this.secret = secret
    this.random = random
    this.database = new Database(path, { create: true, strict: true })
    this.database.run(tables)
  }

  find(reference: string): TradeRow | null {
    return this.database.query<TradeRow, [string]>("SELECT * FROM trades WHERE reference = ?").get(reference)
  }

  /** Throws a `Problem` for one that was closed. */
  open({ reference, amount, currency, callback }: z.output<typeof openedSchema>): void {
    this.database.run("INSERT OR IGNORE INTO trades VALUES (?, ?, ?, ?, 'open', NULL)", [
      reference,
      amount,
      currency,
      callback,
    ])
    this.payable(reference)
  }

  look(reference: string): TradeNow {
    return stateOf(this.known(reference))
  }

  close(reference: string): TradeNow {
    // Unknown is closed too: an order to open it that is still on its way must find it shut.
    this.database.run("INSERT OR IGNORE INTO trades VALUES (?, 0, '', '', 'closed', NULL)", [reference])
    this.database.run("UPDATE trades SET state = 'closed' WHERE reference = ? AND state = 'open'", [
      reference,
    ])
    return stateOf(this.known(reference))
  }

  /** Answers the payment. Throws a `Problem` when it did not go through. */
  pay(reference: string): string | null {
    const payment = `pay_${crypto.randomUUID()}`
    const before = this.known(reference)
    if (before.state === "open" && !this.declined.has(reference) && this.random() < this.weather.declined) {
      this.declined.add(reference)
      this.tell(before, { payment, state: "declined" })
      throw new Problem(402, "declined", "The payment was declined. Try again.")
    }
    const { changes } = this.database.run(
      "UPDATE trades SET state = 'paid', payment = ? WHERE reference = ? AND state = 'open'",
      [payment, reference],
    )
    const trade = this.payable(reference)
    if (changes > 0) this.tell(trade, { payment, state: "paid" })
    return trade.payment
  }

  refund(payment: string): void {
    this.database.run("UPDATE trades SET state = 'refunded' WHERE payment = ? AND state = 'paid'", [payment])
    const known = this.database.query("SELECT 1 FROM trades WHERE payment = ?").get(payment)
    if (!known) throw new Problem(404, "not_found", "There is no such payment.")
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.database.close()
  }

  private known(reference: string): TradeRow {
    const trade = this.find(reference)
    if (!trade) throw new Problem(404, "not_found", "There is no such trade.")
    return trade
  }

  private payable(reference: string): TradeRow {
    const trade = this.known(reference)
    if (trade.state === "closed") throw new Problem(409, "closed", "The trade was closed.")
    return trade
  }

  private tell(trade: TradeRow, told: Pick<Callback, "payment" | "state">): void {
    const { weather, random } = this
    if (random() < weather.lost) return
    const { reference, amount } = trade
    const body = JSON.stringify({ reference, amount, ...told })
    // Only what another one follows can be overtaken.
    if (told.state === "declined" && random() < weather.reordered) return void this.held.set(reference, body)
    this.send(trade, body)
    if (random() < weather.doubled) this.send(trade, body)
  }

  private send(trade: TradeRow, body: string, attempt = 1): void {
    this.later(attempt === 1 ? this.random() * this.weather.delayMsMax : 1000, async () => {
      const signature = signatureOf(this.secret, Date.now(), body)
      const answer = await fetch(trade.callback, {
        method: "POST",
        headers: { "Content-Type": "application/json", [signatureHeader]: signature },
        body,
      }).catch(() => null)
      await answer?.body?.cancel()
      if (!answer?.ok && attempt < attemptsMax) return this.send(trade, body, attempt + 1)
      const overtaken = this.held.get(trade.reference)
      this.held.delete(trade.reference)
      if (overtaken !== undefined) this.send(trade, overtaken)
    })
  }

  private later(ms: number, run: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      void run()
    }, ms)
    this.timers.add(timer)
  }
}

/** A payment that went back was made all the same. */
const stateOf = ({ state, payment, amount }: TradeRow): TradeNow =>
  payment === null ? { state: state === "open" ? "open" : "closed" } : { state: "paid", payment, amount }
