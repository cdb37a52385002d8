// What the books say of some users' tickets, for comparing it with their channels: how each stands, and what was written
// down to be told of it, version by version.
import type { Database } from "bun:sqlite"
import { snapshotOf } from "../ledger/snapshot.ts"
import { isLive, type OrderState } from "../model/order.ts"
import type { TicketState } from "../model/ticket.ts"

/** Somebody who has at least one ticket of a sale: the owner of one channel. */
export interface Holder {
  readonly sale: string
  readonly user: string
  readonly numbers: readonly number[]
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

export function holders(database: Database): Holder[] {
  const found = new Map<string, { sale: string; user: string; numbers: number[] }>()
  for (const { sale, user, number } of snapshotOf(database, 0).tickets) {
    const name = `${sale}/${user}`
    const holder = found.get(name)
    if (holder) holder.numbers.push(number)
    else found.set(name, { sale, user, numbers: [number] })
  }
  return [...found.values()]
}

/** Each holder's tickets by number. A ticket that was bought while the channels were read is among them. */
export function readTickets(database: Database, of: readonly Holder[]): ReadonlyMap<number, BookedTicket>[] {
  const wanted = new Map(of.map(({ sale, user }, at) => [`${sale}/${user}`, at]))
  const { tickets, orders, results } = snapshotOf(database, 0)
  const found: Map<number, BookedTicket>[] = of.map(() => new Map())
  const saidBy = new Map<string, Map<number, [TicketState, OrderState | null]>>()
  const states = new Map<string, OrderState>()
  for (const { sale, number, user, state } of orders)
    if (wanted.has(`${sale}/${user}`)) states.set(`${sale}.${number}`, state)
  for (const { sale, number, user, item, state, version } of tickets) {
    const at = wanted.get(`${sale}/${user}`)
    if (at === undefined) continue
    const name = `${sale}.${number}`
    const said = new Map<number, [TicketState, OrderState | null]>()
    saidBy.set(name, said)
    const order = states.get(name) ?? null
    const live = order !== null && isLive(order)
    found[at]?.set(number, { sale, number, item, state, version, order, isLive: live, said })
  }
  for (const { sale, number, version, ticket, order } of results)
    saidBy.get(`${sale}.${number}`)?.set(version, [ticket, order])
  return found
}

/** Rows of the outbox that wait to be sent since before a time. */
export function unsentSince(database: Database, at: number): { readonly id: number; readonly at: number }[] {
  return database
    .query<{ id: number; at: number }, [number]>(
      "SELECT outbox.id, at FROM outbox JOIN sales ON sales.key = sale WHERE sent = 0 AND at < ? ORDER BY outbox.id",
    )
    .all(at)
}
