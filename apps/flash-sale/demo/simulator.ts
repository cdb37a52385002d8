// A payment provider to try things with, as an HTTP service of its own. What it has taken it remembers on disk; its
// callbacks it can delay, double, reorder and lose, as real ones do.
import { Database } from "bun:sqlite"
import { urlOnThisMachine } from "../../kit/http/reachable-url.ts"
import { signatureHeader } from "../payments/http-provider.ts"
import { payPage } from "./pay-page.ts"
import type { Callback, TradeNow } from "../payments/provider.ts"
import { isSigned, signatureOf } from "../payments/signed-body.ts"

/** How badly callbacks travel. Chances are 0 to 1. */
export interface Weather {
  /** Each callback is late by a random time up to this. Default 0. */
  delayMsMax: number
  /** Comes twice. */
  doubled: number
  /** Never comes; only asking tells. */
  lost: number
  /** The first attempt to pay a trade is declined, and told so. */
  declined: number
  /** Comes after the next one of its trade, and not before: who is told "declined" last was paid first. */
  reordered: number
}

interface SimulatorOptions {
  readonly host?: string
  readonly port?: number
  /** Where browsers reach it, behind a proxy. Default: where it listens. */
  readonly publicUrl?: string | undefined
  /** A file, or `:memory:`. */
  readonly path: string
  readonly secret: string
  readonly weather?: Partial<Weather>
  /** Chance source, for tests. */
  readonly random?: () => number
}

interface TradeRow {
  reference: string
  amount: number
  currency: string
  callback: string
  state: "open" | "closed" | "paid" | "refunded"
  payment: string | null
}

export interface Simulator {
  readonly url: string
  readonly weather: Weather
  close(): Promise<void>
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

export function startSimulator(options: SimulatorOptions): Simulator {
  const { host = "127.0.0.1", port = 0, path, secret, random = Math.random } = options
  const weather: Weather = { ...fair, ...options.weather }
  const database = new Database(path, { create: true, strict: true })
  database.run(tables)
  /** Trades whose first attempt was declined, and callbacks that wait to be overtaken, by trade. */
  const declined = new Set<string>()
  const held = new Map<string, string>()
  const timers = new Set<ReturnType<typeof setTimeout>>()
  const find = (reference: string): TradeRow | null =>
    database.query<TradeRow, [string]>("SELECT * FROM trades WHERE reference = ?").get(reference)

  const open = (asked: {
    reference: string
    amount: number
    currency: string
    callback: string
  }): Response => {
    database.run("INSERT OR IGNORE INTO trades VALUES (?, ?, ?, ?, 'open', NULL)", [
      asked.reference,
      asked.amount,
      asked.currency,
      asked.callback,
    ])
    if (find(asked.reference)?.state === "closed") return problem(409, "The trade was closed.")
    return Response.json({ payUrl: `${options.publicUrl ?? url}/pay/${encodeURIComponent(asked.reference)}` })
  }

  const look = ({ reference }: { reference: string }) => {
    const trade = find(reference)
    if (!trade) return problem(404, "There is no such trade.")
    return Response.json(stateOf(trade))
  }

  const close = ({ reference }: { reference: string }) => {
    // Unknown is closed too: an order to open it that is still on its way must find it shut.
    database.run("INSERT OR IGNORE INTO trades VALUES (?, 0, '', '', 'closed', NULL)", [reference])
    database.run("UPDATE trades SET state = 'closed' WHERE reference = ? AND state = 'open'", [reference])
    return Response.json(stateOf(find(reference) as TradeRow))
  }

  const pay = (reference: string) => {
    const payment = `pay_${crypto.randomUUID()}`
    if (find(reference)?.state === "open" && !declined.has(reference) && random() < weather.declined) {
      declined.add(reference)
      tell(find(reference) as TradeRow, { payment, state: "declined" })
      return problem(402, "The payment was declined. Try again.")
    }
    const { changes } = database.run(
      "UPDATE trades SET state = 'paid', payment = ? WHERE reference = ? AND state = 'open'",
      [payment, reference],
    )
    const trade = find(reference)
    if (!trade) return problem(404, "There is no such trade.")
    if (trade.state === "closed") return problem(409, "The trade was closed.")
    if (changes > 0) tell(trade, { payment, state: "paid" })
    return Response.json({ payment: trade.payment })
  }

  const refund = ({ payment }: { payment: string }) => {
    database.run("UPDATE trades SET state = 'refunded' WHERE payment = ? AND state = 'paid'", [payment])
    const known = database.query("SELECT 1 FROM trades WHERE payment = ?").get(payment)
    return known ? Response.json({ refunded: payment }) : problem(404, "There is no such payment.")
  }

  const tell = (trade: TradeRow, told: Pick<Callback, "payment" | "state">) => {
    if (random() < weather.lost) return
    const { reference, amount } = trade
    const body = JSON.stringify({ reference, amount, ...told })
    // Only what another one follows can be overtaken.
    if (told.state === "declined" && random() < weather.reordered) return void held.set(reference, body)
    send(trade, body)
    if (random() < weather.doubled) send(trade, body)
  }

  const send = (trade: TradeRow, body: string, attempt = 1) => {
    later(attempt === 1 ? random() * weather.delayMsMax : 1000, async () => {
      const answer = await fetch(trade.callback, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          [signatureHeader]: signatureOf(secret, Date.now(), body),
        },
        body,
      }).catch(() => null)
      await answer?.body?.cancel()
      if (!answer?.ok && attempt < attemptsMax) return send(trade, body, attempt + 1)
      const overtaken = held.get(trade.reference)
      held.delete(trade.reference)
      if (overtaken !== undefined) send(trade, overtaken)
    })
  }

  const later = (ms: number, run: () => Promise<void>) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      void run()
    }, ms)
    timers.add(timer)
  }

  const server: Bun.Server<undefined> = Bun.serve({
    development: false,
    reusePort: false,
    hostname: host,
    port,
    async fetch(request): Promise<Response> {
      const { pathname } = new URL(request.url)
      const reference = /^\/pay\/([^/]+)$/.exec(pathname)?.[1]
      if (reference !== undefined) {
        const name = decodeURIComponent(reference)
        if (request.method === "POST") return pay(name)
        return payPage(find(name))
      }
      if (request.method !== "POST") return problem(405, "Use POST.")
      const text = await request.text()
      const body = JSON.parse(text) as never
      if (pathname === "/weather") return Response.json(Object.assign(weather, body))
      if (!isSigned(secret, Date.now(), request.headers.get(signatureHeader), text))
        return problem(401, "The signature is wrong.")
      if (pathname === "/trades") return open(body)
      if (pathname === "/trades/look") return look(body)
      if (pathname === "/trades/close") return close(body)
      if (pathname === "/refunds") return refund(body)
      return problem(404, "There is nothing here.")
    },
  })
  const url = urlOnThisMachine(host, server.port as number)
  return {
    url,
    weather,
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await server.stop(true)
      database.close()
    },
  }
}

/** A payment that went back was made all the same. */
const stateOf = ({ state, payment, amount }: TradeRow): TradeNow =>
  payment === null ? { state: state === "open" ? "open" : "closed" } : { state: "paid", payment, amount }

const problem = (status: number, detail: string): Response => Response.json({ status, detail }, { status })
