// What customers call: the shops, who they are, their bills, and cancelling one.
import { changeBill } from "../books/change-bill.ts"
import { billsOfCustomer } from "../books/read-bills.ts"
import { listShops } from "../books/shops.ts"
import { isBillNumber } from "../model/bill.ts"
import { answer, Problem } from "./answers.ts"
import type { Endpoint } from "./desk.ts"
import { customerOf, demoPasswordFor, newCustomer, requireCustomer } from "./identity.ts"
import { tokenFor } from "./seal.ts"

export const showShops: Endpoint = async ({ books }) => answer({ shops: await listShops(books) })

/** Makes the caller somebody, and tells how their bills stand. */
export const visit: Endpoint = async (desk, call) => {
  const known = customerOf(desk, call)
  const { customer, cookie } = known === null ? newCustomer(desk) : { customer: known, cookie: null }
  const bills = known === null ? [] : await billsOfCustomer(desk.books, customer)
  return answer(
    { customer, bills, laba: desk.labaFor(call.request), isDemo: demoPasswordFor(desk, call) !== null },
    200,
    cookie === null ? {} : { "Set-Cookie": cookie },
  )
}

export const listenAsCustomer: Endpoint = (desk, call) =>
  answer({ token: tokenFor(requireCustomer(desk, call), desk.secrets.tokens, desk.clock()) })

export const cancelBill: Endpoint = async (desk, call) => {
  const customer = requireCustomer(desk, call)
  const bill = Number(call.names["bill"])
  if (!isBillNumber(bill)) throw new Problem(404, "no_such_bill", "You have no such bill.")
  const changed = await changeBill(desk.books, {
    bill,
    act: "cancel",
    of: { customer },
    by: null,
    reason: null,
    now: desk.clock(),
  })
  if (changed.outcome === "no_such_bill") throw new Problem(404, "no_such_bill", "You have no such bill.")
  if (changed.outcome === "done") desk.wake()
  // Too late is no error of the caller's: the bill says how it stands.
  return answer({ outcome: changed.outcome, bill: changed.bill }, changed.outcome === "not_now" ? 409 : 200)
}
