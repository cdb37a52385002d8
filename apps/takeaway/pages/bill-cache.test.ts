import { expect, test } from "bun:test"
import type { BillRecord } from "../model/bill.ts"
import { BillCache } from "./bill-cache.ts"

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
  const cache = new BillCache()
  expect(cache.put(bill({}))).toBe(true)
  expect(cache.put(bill({ version: 3, state: "accepted" }))).toBe(true)
  expect(cache.put(bill({ version: 2, state: "seen" }))).toBe(false)
  expect(cache.put(bill({ version: 3, state: "accepted" }))).toBe(false)
  expect(cache.all.map(({ state }) => state)).toEqual(["accepted"])
})

test("bills are in the order in which they were placed, however they come", () => {
  const cache = new BillCache()
  cache.putAll([bill({ bill: 3 }), bill({ bill: 1 }), bill({ bill: 2 })])
  expect(cache.all.map(({ bill: id }) => id)).toEqual([1, 2, 3])
})

test("another bill that took the number, in a database that was begun anew, takes its place", () => {
  const cache = new BillCache()
  cache.put(bill({ version: 7, state: "handed" }))
  expect(cache.put(bill({ placedAt: 2000 }))).toBe(true)
  expect(cache.get(1)).toMatchObject({ state: "placed" })
  expect(cache.put(bill({ version: 9, state: "handed" }))).toBe(false)
})
