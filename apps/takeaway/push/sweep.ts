// What happens by itself when time passes: bills at which nobody looks or that are forgotten, shops where nobody is, connections that ended
// without our being told.
import { forgetBills, lapseBills, remindOfBills } from "../books/change-bill.ts"
import { listConnections, removeConnection } from "../books/connections.ts"
import type { Database } from "../books/database.ts"
import { closeLonelyShops } from "../books/shops.ts"
import type { Patience } from "../model/shop.ts"
import type { Loudspeaker } from "./loudspeaker.ts"

export interface SweepOptions {
  readonly books: Database
  readonly loudspeaker: Loudspeaker
  readonly patience: Patience
  readonly clock: () => number
}

/** What time alone has changed. True: somebody is to be told. */
export async function sweep({ books, patience, clock }: SweepOptions): Promise<boolean> {
  const now = clock()
  const { remindMs, lapseMs, forgetMs, graceMs } = patience
  const lapsed = await lapseBills(books, { since: now - lapseMs, now })
  const forgotten = await forgetBills(books, { since: now - forgetMs, now })
  const reminded = await remindOfBills(books, { since: now - remindMs, now })
  const closed = await closeLonelyShops(books, { now, graceMs })
  return lapsed + forgotten + reminded + closed.length > 0
}

/**
 * Asks Laba about every connection in the books, and strikes out those that are gone. Laba tells of each end by itself; this
 * is for a Laba that was taken away with its memory. Rejects when Laba does not answer: then nothing is known.
 */
export async function strikeOutGone({ books, loudspeaker }: SweepOptions): Promise<number> {
  let gone = 0
  for (const { id } of await listConnections(books)) {
    if (await loudspeaker.isOpen(id)) continue
    if (await removeConnection(books, id)) gone++
  }
  return gone
}
