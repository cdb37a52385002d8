// `flash-sale audit`: recomputes the order of service from the published seed and entries, and compares it with what was
// published before, and with the order in which the tickets were really decided.
import type { Database } from "bun:sqlite"
import type { DrawRecord } from "../model/wire/api.ts"
import { commitmentOf, drawOrder, type Entry, entryDigest } from "../model/draw.ts"
import type { SaleSettings } from "../model/sale.ts"
import { Turns } from "../model/turns.ts"
import { snapshotOf } from "../ledger/snapshot.ts"

/** What is wrong with a published draw; nothing, when anybody would get the same. */
export function auditRecord({ sale, commitment, seed, entries, order }: DrawRecord): string[] {
  if (seed === null || entries === null || order === null) return [`${sale} has not been drawn yet.`]
  const wrong: string[] = []
  if (commitmentOf(seed) !== commitment) wrong.push("The seed is not the one whose hash was published.")
  const again = drawOrder(
    seed,
    entries.map((digest, at): Entry => ({ number: at + 1, digest })),
  )
  if (again.length !== order.length || again.some((number, at) => number !== order[at]))
    wrong.push("The order does not follow from the seed and the entries.")
  return wrong
}

/** Whether tickets were decided in the order of service, by what the books say was decided when. */
export function auditDecisions(database: Database, sale: string): string[] {
  const row = database
    .query<{ settings: string; seed: string; drawn: number | null }, [string]>(
      "SELECT settings, seed, drawn FROM sales WHERE id = ?",
    )
    .get(sale)
  if (row === null) return [`There is no sale ${sale}.`]
  const { mode } = JSON.parse(row.settings) as SaleSettings
  const { tickets, results } = snapshotOf(database, 0)
  const entries: Entry[] = []
  for (const { sale: of, number, user } of tickets)
    if (of === sale && number <= (row.drawn ?? 0))
      entries.push({ number, digest: entryDigest(sale, number, user) })
  entries.sort((a, b) => a.number - b.number)
  const turns = mode === "first-come" ? new Turns() : new Turns(drawOrder(row.seed, entries))
  const wrong: string[] = []
  const seen = new Set<number>()
  const items = itemsOf(database, sale)
  const last = new Map<string, number>()
  for (const result of results) {
    // The first word about a ticket is its decision; later ones are about its order or its place on the wait-list.
    if (result.sale !== sale || seen.has(result.number)) continue
    seen.add(result.number)
    if (result.ticket !== "won" && result.ticket !== "waitlisted") continue
    const item = items.get(result.number) ?? ""
    const turn = turns.turnOf(result.number)
    if (turn < (last.get(item) ?? 0))
      wrong.push(`Ticket ${result.number} had turn ${turn} and was served after ${last.get(item)}.`)
    last.set(item, Math.max(turn, last.get(item) ?? 0))
  }
  return wrong
}

function itemsOf(database: Database, sale: string): Map<number, string> {
  const items = new Map<number, string>()
  for (const ticket of snapshotOf(database, 0).tickets)
    if (ticket.sale === sale) items.set(ticket.number, ticket.item)
  return items
}
