import { afterEach, beforeEach, expect, test } from "bun:test"
import { changeBill } from "../database/change-bill.ts"
import type { Database } from "../database/database.ts"
import { openDatabase } from "../database/open-database.ts"
import { placeBill } from "../database/place-bill.ts"
import { unpublishedBills } from "../database/read-bills.ts"
import { addShops, setShopOpen } from "../database/shops.ts"
import type { BillRecord } from "../model/bill.ts"
import { demoShops } from "../model/menu.ts"
import type { PublishedRecord, LabaPush } from "./laba-push.ts"
import { Notifier } from "./notifier.ts"

let database: Database
let notifier: Notifier
let fails: boolean
let published: PublishedRecord[]
const logged: string[] = []

const labaPush: LabaPush = {
  url: "http://laba",
  async publish(messages) {
    if (fails) throw new Error("away")
    published.push(...messages)
  },
  send: async () => true,
  isOpen: async () => true,
}

beforeEach(async () => {
  fails = false
  published = []
  database = await openDatabase("sqlite::memory:")
  await addShops(database, demoShops, async () => "hash")
  await setShopOpen(database, "shop1", true)
  notifier = new Notifier({ database, labaPush, log: (line) => void logged.push(line), retryMs: 1 })
})
afterEach(async () => {
  await notifier.stop()
  await database.close()
})

async function order(): Promise<BillRecord> {
  const lines = [{ dish: "egg", count: 1 }]
  const contact = { name: "Ann", address: "1 Long Street", telephone: "138", note: "" }
  const placed = await placeBill(database, {
    order: { shop: "shop1", ...contact, lines },
    customer: "c-ann",
    key: null,
    now: 1000,
  })
  if (typeof placed === "string") throw new Error(placed)
  return placed.bill
}

async function allTold(): Promise<void> {
  while ((await unpublishedBills(database, 1)).length > 0)
    await new Promise((resolve) => setImmediate(resolve))
}

const ofBills = () =>
  published
    .filter(({ channel }) => channel !== "/shops")
    .map(({ channel, data }) => [channel, (data as BillRecord).version])

test("tells the kitchen and the customer, each on their own channel, whole", async () => {
  const bill = await order()
  notifier.wake()
  await allTold()
  expect(ofBills()).toEqual([
    ["/@shop1/kitchen/bills", 1],
    ["/@c-ann/bills", 1],
  ])
  expect(published.at(-1)?.data).toEqual(bill)
})

test("tells which shops are open before any bill of theirs", async () => {
  await order()
  notifier.wake()
  await allTold()
  expect(published[0]).toMatchObject({ channel: "/shops", data: { shop: "shop1", isOpen: true } })
})

test("what could not be told is told later, in its newest version, under a key of that version", async () => {
  const bill = await order()
  fails = true
  notifier.wake()
  while (logged.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await changeBill(database, {
    bill: bill.bill,
    act: "accept",
    of: { shop: "shop1" },
    by: "front",
    reason: null,
    now: 2000,
  })
  fails = false
  await allTold()
  expect(ofBills()).toEqual([
    ["/@shop1/kitchen/bills", 2],
    ["/@c-ann/bills", 2],
  ])
  expect(published.at(-1)?.key).toBe(`${database.id}.1.2`)
})

test("a new process tells what the last one has stored and not told", async () => {
  await order()
  const next = new Notifier({ database, labaPush, log: () => {} })
  next.wake()
  await allTold()
  expect(ofBills()).toHaveLength(2)
  await next.stop()
})
