// What happens by itself when time passes: bills at which nobody looks or that are forgotten, shops where nobody is, connections that ended
// without our being told.
import { forgetBills, lapseBills, remindOfBills } from "../database/change-bill.ts"
import { listConnections, removeConnection } from "../database/connections.ts"
import type { Database } from "../database/database.ts"
import { closeLonelyShops } from "../database/shops.ts"
import type { Timeouts } from "../model/shop.ts"
import type { LabaPush } from "./laba-push.ts"

export interface SweepOptions {
  readonly database: Database
  readonly labaPush: LabaPush
  readonly timeouts: Timeouts
  readonly clock: () => number
}

/** What time alone has changed. True: somebody is to be told. */
export async function sweep({ database, timeouts, clock }: SweepOptions): Promise<boolean> {
  const now = clock()
  const { remindMs, lapseMs, forgetMs, graceMs } = timeouts
  const lapsed = await lapseBills(database, { since: now - lapseMs, now })
  const forgotten = await forgetBills(database, { since: now - forgetMs, now })
  const reminded = await remindOfBills(database, { since: now - remindMs, now })
  const closed = await closeLonelyShops(database, { now, graceMs })
  return lapsed + forgotten + reminded + closed.length > 0
}

/**
 * Asks Laba about every connection in the database, and strikes out those that are gone. Laba tells of each end by itself; this
 * is for a Laba that was taken away with its memory. Rejects when Laba does not answer: then nothing is known.
 */
export async function removeGoneConnections({ database, labaPush }: SweepOptions): Promise<number> {
  let gone = 0
  for (const { id } of await listConnections(database)) {
    if (await labaPush.isOpen(id)) continue
    if (await removeConnection(database, id)) gone++
  }
  return gone
}
