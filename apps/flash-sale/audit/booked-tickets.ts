// What the books say of some users' tickets, for comparing it with their channels: how each stands, and what was written
// down to be told of it, version by version.
import type { Database } from "bun:sqlite"
import type { Result } from "../ledger/stored-rows.ts"
import type { IntakeEntry } from "../ledger/stored-rows.ts"
import { isLive, type OrderState } from "../model/order.ts"
import type { TicketState } from "../model/ticket.ts"

/** Somebody who has at least one ticket of a sale: the owner of one channel. */
export interface ChannelOwner {
  readonly sale: string
  readonly user: string
}

export interface BookedTicket {
  readonly sale: string
  readonly number: number
  readonly item: string
  readonly state: TicketState
  readonly version: number
  readonly order: OrderState | null
  /** Whether its order holds or owns a unit. */
  readonly isLive: boolean
  /** What was written down to be told, by version. */
  readonly said: ReadonlyMap<number, readonly [ticket: TicketState, order: OrderState | null]>
}

/** Tells holders apart. */
const nameOf = ({ sale, user }: ChannelOwner): string => `${sale}/${user}`

/** Everybody who has a ticket, of one sale or of all. */
export function readChannelOwners(database: Database, sale: string | null): ChannelOwner[] {
  const rows = database
    .query<ChannelOwner, [string | null]>(
      "SELECT DISTINCT sales.id AS sale, user FROM tickets JOIN sales ON sales.key = sale WHERE sales.id = coalesce(?, sales.id)",
    )
    .all(sale)
  const holders = new Map(rows.map((holder) => [nameOf(holder), holder]))
  for (const entered of intake(database)) {
    const holder = { sale: entered.sale, user: entered.entry[0] }
    if (sale === null || holder.sale === sale) holders.set(nameOf(holder), holder)
  }
  return [...holders.values()]
}

/** Tickets that are in the books, in all sales together. */
export function ticketCount(database: Database): number {
  const count = (sql: string): number => (database.query(sql).get() as { n: number }).n
  return (
    count("SELECT count(*) AS n FROM tickets JOIN sales ON sales.key = sale") +
    count("SELECT coalesce(sum(count), 0) AS n FROM intake JOIN sales ON sales.key = sale")
  )
}

/** Each holder's tickets by number. A ticket that was bought while the channels were read is among them. */
export function readTickets(
  database: Database,
  of: readonly ChannelOwner[],
): ReadonlyMap<number, BookedTicket>[] {
  const wanted = new Map(of.map((holder, at) => [nameOf(holder), at]))
  const users = JSON.stringify([...new Set(of.map(({ user }) => user))])
  const found: Map<number, BookedTicket>[] = of.map(() => new Map())
  const saidBy = new Map<string, Map<number, [TicketState, OrderState | null]>>()
  const add = (holder: ChannelOwner, ticket: Omit<BookedTicket, "isLive" | "said">): void => {
    const at = wanted.get(nameOf(holder))
    if (at === undefined) return
    const said = new Map<number, [TicketState, OrderState | null]>()
    saidBy.set(`${ticket.sale}.${ticket.number}`, said)
    found[at]?.set(ticket.number, { ...ticket, isLive: ticket.order !== null && isLive(ticket.order), said })
  }
  const rows = database
    .query<Omit<BookedTicket, "isLive" | "said"> & ChannelOwner, [string]>(
      `SELECT sales.id AS sale, tickets.number, tickets.user, tickets.item, tickets.state, version, orders.state AS "order"
       FROM tickets JOIN sales ON sales.key = tickets.sale
       LEFT JOIN orders ON orders.sale = tickets.sale AND orders.number = tickets.number
       WHERE tickets.user IN (SELECT value FROM json_each(?))`,
    )
    .iterate(users)
  const written = new Set<string>()
  for (const { user, ...ticket } of rows) {
    written.add(`${ticket.sale}.${ticket.number}`)
    add({ sale: ticket.sale, user }, ticket)
  }
  for (const { sale, number, items, entry } of intake(database)) {
    const [user, item] = entry
    if (written.has(`${sale}.${number}`)) continue
    add({ sale, user }, { sale, number, item: items[item] ?? "", state: "queued", version: 1, order: null })
  }
  const results = database
    .query("SELECT sales.id AS sale, results FROM outbox JOIN sales ON sales.key = sale ORDER BY outbox.id")
    .iterate() as IterableIterator<{ sale: string; results: string }>
  for (const { sale, results: list } of results) {
    for (const [number, version, ticket, order] of JSON.parse(list) as Result[])
      saidBy.get(`${sale}.${number}`)?.set(version, [ticket, order])
  }
  return found
}

interface Entered {
  readonly sale: string
  readonly number: number
  /** The sale's items, by their places. */
  readonly items: readonly string[]
  readonly entry: IntakeEntry
}

/** Tickets in the intake log. Those that have a row of their own are among them until the whole batch has. */
function* intake(database: Database): Generator<Entered> {
  const batches = database
    .query("SELECT id, settings, first, entries FROM intake JOIN sales ON sales.key = sale")
    .iterate() as IterableIterator<{ id: string; settings: string; first: number; entries: string }>
  for (const { id: sale, settings, first, entries } of batches) {
    const items = (JSON.parse(settings) as { items: { id: string }[] }).items.map((item) => item.id)
    for (const [at, entry] of (JSON.parse(entries) as IntakeEntry[]).entries())
      yield { sale, number: first + at, items, entry }
  }
}

/**
 * Tickets whose word is written down and on its way, by the name `<sale>.<number>`. In a crowd those come first who listen,
 * and who looks is told before.
 */
export function onTheirWay(database: Database, since: number): Set<string> {
  const rows = database
    .query<{ sale: string; results: string }, [number]>(
      "SELECT sales.id AS sale, results FROM outbox JOIN sales ON sales.key = sale WHERE sent = 0 AND at >= ?",
    )
    .all(since)
  const names = new Set<string>()
  for (const { sale, results } of rows)
    for (const [number] of JSON.parse(results) as Result[]) names.add(`${sale}.${number}`)
  return names
}

/** Rows of the outbox that wait to be sent since before a time. */
export function unsentSince(database: Database, at: number): { readonly id: number; readonly at: number }[] {
  return database
    .query<{ id: number; at: number }, [number]>(
      "SELECT outbox.id, at FROM outbox JOIN sales ON sales.key = sale WHERE sent = 0 AND at < ? ORDER BY outbox.id",
    )
    .all(at)
}
