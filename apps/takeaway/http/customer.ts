// What customers call: the shops, who they are, their bills, and cancelling one.
import { answer, Problem } from "../../kit/http/problem.ts"
import { changeBill } from "../database/change-bill.ts"
import { billsOfCustomer } from "../database/read-bills.ts"
import { listShops } from "../database/shops.ts"
import { isBillNumber } from "../model/bill.ts"
import { customerOf, demoPasswordFor, listenTokenFor, newCustomer, requireCustomer } from "./identity.ts"
import type { Endpoint } from "./takeaway.ts"

export const showShops: Endpoint = async ({ database }) => answer({ shops: await listShops(database) })

/** Makes the caller somebody, and tells how their bills stand. */
export const visit: Endpoint = async (takeaway, request) => {
  const known = customerOf(takeaway, request)
  const { customer, cookie } =
    known === null ? newCustomer(takeaway, request) : { customer: known, cookie: null }
  const bills = known === null ? [] : await billsOfCustomer(takeaway.database, customer)
  const isDemo = demoPasswordFor(takeaway, request) !== null
  return answer(
    { customer, bills, laba: takeaway.labaFor(request), isDemo },
    200,
    cookie === null ? {} : { "Set-Cookie": cookie },
  )
}

export const listenAsCustomer: Endpoint = (takeaway, request) =>
  answer({ token: listenTokenFor(requireCustomer(takeaway, request), takeaway) })

export const cancelBill: Endpoint = async (takeaway, request) => {
  const customer = requireCustomer(takeaway, request)
  const bill = Number(request.params["bill"])
  if (!isBillNumber(bill)) throw new Problem(404, "no_such_bill", "You have no such bill.")
  const { database, clock, wake } = takeaway
  const change = { bill, act: "cancel", of: { customer }, by: null, reason: null, now: clock() } as const
  const changed = await changeBill(database, change)
  if (changed.outcome === "no_such_bill") throw new Problem(404, "no_such_bill", "You have no such bill.")
  if (changed.outcome === "done") wake()
  // Too late is no error of the caller's: the bill says how it stands.
  return answer({ outcome: changed.outcome, bill: changed.bill }, changed.outcome === "not_now" ? 409 : 200)
}
