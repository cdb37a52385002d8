import { afterEach, beforeEach, expect, test } from "bun:test"
import { changeBill } from "../database/change-bill.ts"
import { addConnection, listConnections } from "../database/connections.ts"
import type { Database } from "../database/database.ts"
import { openDatabase } from "../database/open-database.ts"
import { placeBill } from "../database/place-bill.ts"
import { billsOfShop } from "../database/read-bills.ts"
import { addShops, findShop, setShopOpen } from "../database/shops.ts"
import { demoShops } from "../model/menu.ts"
import type { LabaPush } from "./laba-push.ts"
import { removeGoneConnections, sweep, type SweepOptions } from "./sweep.ts"

let database: Database
let now: number
let open: Set<string>
let options: SweepOptions

beforeEach(async () => {
  now = 1_800_000_000_000
  open = new Set(["a", "b"])
  database = await openDatabase("sqlite::memory:")
  await addShops(database, demoShops, async () => "hash")
  await setShopOpen(database, "shop1", true)
  for (const id of open)
    await addConnection(database, { id, login: "shop1", shop: "shop1", dialect: "laba", now })
  const labaPush: LabaPush = {
    url: "http://laba",
    publish: async () => {},
    send: async () => true,
    isOpen: async (id) => open.has(id),
  }
  const timeouts = { remindMs: 30_000, lapseMs: 600_000, forgetMs: 7_200_000, graceMs: 20_000 }
  options = { database, labaPush, timeouts, clock: () => now }
})
afterEach(() => database.close())

async function order(note: string): Promise<number> {
  const lines = [{ dish: "egg", count: 1 }]
  const contact = { name: "Ann", address: "1 Long Street", telephone: "138" }
  const placed = await placeBill(database, {
    order: { shop: "shop1", ...contact, note, lines },
    customer: "ann",
    key: null,
    now,
  })
  if (typeof placed === "string") throw new Error(placed)
  return placed.bill.bill
}

const stand = async () =>
  (await billsOfShop(database, "shop1")).map(({ state, reminders, reason }) => [state, reminders, reason])

test("rings again after thirty seconds, once, and only for bills at which nobody has looked", async () => {
  await order("waits")
  const looked = await order("looked at")
  const act = { act: "see", of: { shop: "shop1" }, by: "front", reason: null, now } as const
  await changeBill(database, { bill: looked, ...act })
  now += 29_999
  expect(await sweep(options)).toBe(false)
  now += 1
  expect(await sweep(options)).toBe(true)
  expect(await stand()).toEqual([
    ["placed", 1, null],
    ["seen", 0, null],
  ])
  now += 60_000
  expect(await sweep(options)).toBe(false)
})

test("ends after ten minutes what nobody has looked at, also when the desk was away all that time", async () => {
  await order("waits")
  now += 600_000
  expect(await sweep(options)).toBe(true)
  expect(await stand()).toEqual([["refused", 0, "no_answer"]])
})

test("ends what the kitchen has begun with and then forgotten, counted from the last it said of it", async () => {
  const bills = [await order("seen"), await order("accepted"), await order("cooking")]
  const act = { of: { shop: "shop1" }, by: "front", reason: null } as const
  const steps = [["see"], ["accept"], ["accept", "cook"]] as const
  for (const [at, acts] of steps.entries())
    for (const one of acts) await changeBill(database, { bill: bills[at] as number, act: one, ...act, now })
  now += 3_600_000
  await changeBill(database, { bill: bills[0] as number, act: "accept", ...act, now })
  now += 3_600_000
  expect(await sweep(options)).toBe(true)
  expect(await stand()).toEqual([
    ["accepted", 0, null],
    ["refused", 0, "forgotten"],
    ["refused", 0, "forgotten"],
  ])
  // Bills that came while it was over are told like any other: it has a version of its own.
  expect((await billsOfShop(database, "shop1")).map(({ version }) => version)).toEqual([3, 3, 4])
  expect(await sweep(options)).toBe(false)
})

test("strikes out connections that Laba does not know, and then the shop closes after its grace", async () => {
  expect(await removeGoneConnections(options)).toBe(0)
  open.delete("a")
  expect(await removeGoneConnections(options)).toBe(1)
  now += 60_000
  expect(await sweep(options)).toBe(false)
  open.delete("b")
  expect(await removeGoneConnections(options)).toBe(1)
  expect(await sweep(options)).toBe(false)
  now += 20_000
  expect(await sweep(options)).toBe(true)
  expect(await findShop(database, "shop1")).toMatchObject({ isOpen: false })
})

test("strikes out nobody while Laba does not answer", async () => {
  const silent = { ...options.labaPush, isOpen: () => Promise.reject(new Error("away")) }
  expect(await removeGoneConnections({ ...options, labaPush: silent }).catch(String)).toBe("Error: away")
  expect(await listConnections(database)).toHaveLength(2)
})
