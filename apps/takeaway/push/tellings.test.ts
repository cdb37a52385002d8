import { afterEach, beforeEach, expect, test } from "bun:test"
import { changeBill } from "../books/change-bill.ts"
import type { Database } from "../books/database.ts"
import { openDatabase } from "../books/open-database.ts"
import { placeBill } from "../books/place-bill.ts"
import { untoldBills } from "../books/read-bills.ts"
import { addShops, setShopOpen } from "../books/shops.ts"
import type { BillRecord } from "../model/bill.ts"
import { demoShops } from "../model/menu.ts"
import type { Announcement, Loudspeaker } from "./loudspeaker.ts"
import { Tellings } from "./tellings.ts"

let books: Database
let tellings: Tellings
let fails: boolean
let published: Announcement[]
const logged: string[] = []

const loudspeaker: Loudspeaker = {
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
  books = await openDatabase("sqlite::memory:")
  await addShops(books, demoShops, async () => "hash")
  await setShopOpen(books, "shop1", true)
  tellings = new Tellings({ books, loudspeaker, log: (line) => void logged.push(line), retryMs: 1 })
})
afterEach(async () => {
  await tellings.stop()
  await books.close()
})

async function order(): Promise<BillRecord> {
  const lines = [{ dish: "egg", count: 1 }]
  const contact = { name: "Ann", address: "1 Long Street", telephone: "138", note: "" }
  const placed = await placeBill(books, {
    order: { shop: "shop1", ...contact, lines },
    customer: "c-ann",
    key: null,
    now: 1000,
  })
  if (typeof placed === "string") throw new Error(placed)
  return placed.bill
}

async function allTold(): Promise<void> {
  while ((await untoldBills(books, 1)).length > 0) await new Promise((resolve) => setImmediate(resolve))
}

const ofBills = () =>
  published
    .filter(({ channel }) => channel !== "/shops")
    .map(({ channel, data }) => [channel, (data as BillRecord).version])

test("tells the kitchen and the customer, each on their own channel, whole", async () => {
  const bill = await order()
  tellings.wake()
  await allTold()
  expect(ofBills()).toEqual([
    ["/@shop1/kitchen/bills", 1],
    ["/@c-ann/bills", 1],
  ])
  expect(published.at(-1)?.data).toEqual(bill)
})

test("tells which shops are open before any bill of theirs", async () => {
  await order()
  tellings.wake()
  await allTold()
  expect(published[0]).toMatchObject({ channel: "/shops", data: { shop: "shop1", isOpen: true } })
})

test("what could not be told is told later, in its newest version, under a key of that version", async () => {
  const bill = await order()
  fails = true
  tellings.wake()
  while (logged.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await changeBill(books, {
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
  expect(published.at(-1)?.key).toBe(`${books.id}.1.2`)
})

test("a new process tells what the last one has stored and not told", async () => {
  await order()
  const next = new Tellings({ books, loudspeaker, log: () => {} })
  next.wake()
  await allTold()
  expect(ofBills()).toHaveLength(2)
  await next.stop()
})
