import { expect, test } from "bun:test"
import type { TicketRecord } from "../../model/wire/api.ts"
import { Seat } from "./seat.ts"

const record = (given: Partial<TicketRecord>): TicketRecord => ({
  ...{ sale: "s", item: "i", number: 1, version: 1, state: "queued", turn: 1, at: 1, order: null },
  ...given,
})

const order = { id: "s.1", state: "paid", price: 1, currency: "CNY", payBy: 1, offer: false } as const

test("repeats and records out of order change nothing", () => {
  const seat = new Seat("s")
  expect(seat.take(record({ version: 2, state: "won" }))).toBe(true)
  expect(seat.take(record({ version: 2, state: "won" }))).toBe(false)
  expect(seat.take(record({ version: 1, state: "queued" }))).toBe(false)
  expect(seat.ticket?.state).toBe("won")
})

test("records of other sales, and what is no record, are passed over", () => {
  const seat = new Seat("s")
  for (const other of [record({ sale: "t" }), null, "won", { sale: "s" }, []])
    expect(seat.take(other)).toBe(false)
  expect(seat.ticket).toBeNull()
})

test("the newest ticket is shown, unless an older one has been paid late", () => {
  const seat = new Seat("s")
  seat.take(record({ number: 1, state: "won", order: { ...order, state: "expired" } }))
  seat.take(record({ number: 2, state: "left" }))
  expect(seat.ticket?.number).toBe(2)
  expect(seat.isTaken).toBe(false)
  seat.take(record({ number: 1, version: 2, state: "won", order }))
  expect(seat.ticket?.number).toBe(1)
  expect(seat.isTaken).toBe(true)
})
