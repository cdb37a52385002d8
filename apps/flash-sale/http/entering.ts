// The way into the queue as a caller sees it: what the desk says, as a reply.
import type { Sale } from "../book/sale.ts"
import type { Entry, EntryAnswer } from "../admission/admission-queue.ts"
import { Problem, problemOf, refusalOf, type Reply, replyOf } from "./answers.ts"
import type { Shop } from "./shop.ts"
import { admissionView, ticketView } from "./views/ticket-view.ts"

/** What of a shop those need who let people in. */
export type EntryShop = Pick<Shop, "admissionOf" | "counters" | "labaUrl" | "announced"> & {
  readonly sales: Pick<Shop["sales"], "find">
}

/** Everything between a wish to enter a sale and the reply to it. */
export function enter(shop: EntryShop, id: string, entry: Entry): Reply | Promise<Reply> {
  const sale = shop.sales.find(id)
  if (!sale) return problemOf(noSuchSale())
  const entered = shop.admissionOf(sale).enter(entry)
  if (!(entered instanceof Promise)) return entryReply(shop, sale, entered)
  return entered.then((answer) => {
    const announced = "ticket" in answer && answer.isNew ? shop.announced?.(sale, answer.ticket) : undefined
    return announced ? announced.then(() => entryReply(shop, sale, answer)) : entryReply(shop, sale, answer)
  })
}

export const noSuchSale = (): Problem => new Problem(404, "not_found", "There is no such sale.")

function entryReply(shop: EntryShop, sale: Sale, entered: EntryAnswer): Reply {
  if ("ticket" in entered) {
    if (entered.isNew) shop.counters.admitted += 1
    else shop.counters.repeated += 1
    return replyOf(admissionView(sale, entered.ticket, shop.labaUrl()), 201)
  }
  shop.counters.refuse(sale, entered.refused)
  const held = entered.number === undefined ? undefined : sale.book.tickets.get(entered.number)
  return refusalOf(entered, held && ticketView(sale, held, shop.labaUrl()))
}
