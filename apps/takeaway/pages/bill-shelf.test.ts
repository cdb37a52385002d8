import { expect, test } from "bun:test"
import type { BillRecord } from "../model/bill.ts"
import { BillShelf } from "./bill-shelf.ts"

const bill = (given: Partial<BillRecord>): BillRecord => ({
  bill: 1,
  number: 1,
  shop: "shop1",
  version: 1,
  state: "placed",
  dishes: [],
  total: 0,
  note: "",
  name: "Ann",
  address: "1 Long Street",
  telephone: "138",
  by: null,
  reason: null,
  reminders: 0,
  placedAt: 1000,
  changedAt: 1000,
  ...given,
})

test("a bill that comes by two ways, or late, is there once and in its newest version", () => {
  const shelf = new BillShelf()
  expect(shelf.put(bill({}))).toBe(true)
  expect(shelf.put(bill({ version: 3, state: "accepted" }))).toBe(true)
  expect(shelf.put(bill({ version: 2, state: "seen" }))).toBe(false)
  expect(shelf.put(bill({ version: 3, state: "accepted" }))).toBe(false)
  expect(shelf.all.map(({ state }) => state)).toEqual(["accepted"])
})

test("bills are in the order in which they were placed, however they come", () => {
  const shelf = new BillShelf()
  shelf.putAll([bill({ bill: 3 }), bill({ bill: 1 }), bill({ bill: 2 })])
  expect(shelf.all.map(({ bill: id }) => id)).toEqual([1, 2, 3])
})

test("another bill that took the number, in books that were begun anew, takes its place", () => {
  const shelf = new BillShelf()
  shelf.put(bill({ version: 7, state: "handed" }))
  expect(shelf.put(bill({ placedAt: 2000 }))).toBe(true)
  expect(shelf.get(1)).toMatchObject({ state: "placed" })
  expect(shelf.put(bill({ version: 9, state: "handed" }))).toBe(false)
})
