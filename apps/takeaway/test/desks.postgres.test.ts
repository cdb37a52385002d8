// Two desks over one PostgreSQL and one Laba: what one of them takes is told once, whoever tells it; and both go on when the
// database was killed.
import { expect, test } from "bun:test"
import { startPostgres } from "../../../test/support/postgres.ts"
import type { BillRecord } from "../model/bill.ts"
import { TakeawayProcess } from "./takeaway-process.ts"
import { isTrue, until } from "./until.ts"

test("two desks are one, and outlive their database", async () => {
  using postgres = startPostgres()
  const database = postgres.database()
  await using first = await TakeawayProcess.start({ labaApart: true, database })
  await using second = await TakeawayProcess.start({ beside: first, database })
  using kitchen = await first.openKitchen()
  using ann = await second.listeningCustomer()
  using bob = await first.listeningCustomer("Bob")
  await until(() => second.isOpen("shop1"), isTrue)
  const bills: BillRecord[] = []
  for (const dish of ["egg", "rice", "soup"]) bills.push(await ann.bill([dish]), await bob.bill([dish]))
  await until(
    () => kitchen.heard.length,
    (count) => count >= bills.length,
  )
  postgres.restart()
  for (const bill of bills)
    await until(
      () =>
        kitchen.act(bill, "accept").then(
          () => true,
          () => false,
        ),
      isTrue,
    )
  const more = await until(
    () => ann.order(["beef"], { key: "after" }).catch(() => null),
    (answer) => answer?.body["error_code"] === 0,
  )
  bills.push(more?.body["bill"] as BillRecord)
  await until(
    () => bills.map(({ bill }) => kitchen.statesOf(bill).join()),
    (all) => all.join(" ") === `${"placed,accepted ".repeat(6)}placed`,
  )
  const told = await until(
    () => [...ann.heard, ...bob.heard].map(({ bill, version }) => `${bill} ${version}`),
    (all) => all.length >= 13,
  )
  expect([...new Set(told)]).toEqual(told)
}, 120_000)
