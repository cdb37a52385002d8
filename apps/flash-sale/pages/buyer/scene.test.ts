import { expect, test } from "bun:test"
import { type OrderState, orderMachine } from "../../model/order.ts"
import type { TicketRecord } from "../../model/record.ts"
import { type TicketState, ticketMachine } from "../../model/ticket.ts"
import type { SaleView, Standing } from "../views.ts"
import { type Facts, sceneOf } from "./scene.ts"
import { sceneWords } from "./words.ts"

const item = { id: "i", total: 2, available: 1, held: 1, sold: 0, gone: false }
const gone = { ...item, available: 0, held: 0, sold: 2, gone: true }

const standing = (given: Partial<Standing> = {}): Standing => ({
  ...{
    sale: "s",
    at: 2000,
    phase: "open",
    startsAt: 1000,
    served: 3,
    queued: 0,
    waitlisted: 0,
    perSecond: null,
  },
  items: [item],
  ...given,
})

const sale = (given: Partial<SaleView> = {}): SaleView =>
  ({
    ...{ id: "s", mode: "first-come", entryOpensAt: 1000, startsAt: 1000, decidesAt: 1000 },
    ...given,
  }) as SaleView

const record = (state: TicketState, given: Partial<TicketRecord> = {}): TicketRecord => ({
  ...{ sale: "s", item: "i", number: 5, version: 1, turn: 5, at: 1500, order: null },
  state,
  ...given,
})

const order = (state: OrderState, given: Partial<NonNullable<TicketRecord["order"]>> = {}) => ({
  ...{ id: "s.5", state, price: 1, currency: "CNY", payBy: 9000, offer: false },
  ...given,
})

const facts = (given: Partial<Facts> = {}): Facts => ({
  ...{ sale: sale(), standing: standing(), ticket: null, click: { kind: "none" }, now: 3000, isTaken: false },
  ...given,
})

test("every state of a ticket and of an order has a scene with words in both languages", () => {
  const tickets = (Object.keys(ticketMachine) as TicketState[]).map((state) => record(state))
  const orders = (Object.keys(orderMachine) as OrderState[]).map((state) =>
    record("won", { order: order(state) }),
  )
  for (const ticket of [...tickets, ...orders]) {
    const { name, number } = sceneOf(facts({ ticket }))
    expect(number).toBe(5)
    for (const words of Object.values(sceneWords[name])) expect(words).toHaveLength(2)
    expect(sceneWords[name].title.every((text) => text !== "")).toBe(true)
  }
})

test("nobody who holds no ticket is kept waiting without a word", () => {
  expect(sceneOf(facts({ sale: undefined })).name).toBe("loading")
  expect(sceneOf(facts({ sale: null })).name).toBe("missing")
  expect(sceneOf(facts({ now: 500 }))).toMatchObject({ name: "countdown", until: 1000, mayEnter: false })
  expect(sceneOf(facts())).toMatchObject({ name: "open", mayEnter: true })
  expect(sceneOf(facts({ standing: standing({ items: [gone] }) }))).toMatchObject({
    name: "gone",
    mayEnter: false,
  })
  expect(sceneOf(facts({ standing: standing({ phase: "closed" }) })).name).toBe("closed")
})

test("who may come before the start stands at the door, and then waits for the draw", () => {
  const shuffle = sale({ mode: "shuffle", entryOpensAt: 1000, startsAt: 5000, decidesAt: 5000 })
  expect(sceneOf(facts({ sale: shuffle }))).toMatchObject({ name: "lobby", until: 5000, mayEnter: true })
  const ticket = record("queued", { turn: null })
  expect(sceneOf(facts({ sale: shuffle, ticket }))).toMatchObject({ name: "drawing", until: 5000 })
})

test("the place in line follows from the turn and from how many were served", () => {
  expect(sceneOf(facts({ ticket: record("queued") }))).toMatchObject({ name: "queued", position: 2 })
  const served = standing({ served: 5 })
  expect(sceneOf(facts({ ticket: record("queued"), standing: served })).position).toBe(0)
})

test("who has won sees how long, an offer as an offer, and the end of the time as the end", () => {
  const won = record("won", { order: order("pending") })
  expect(sceneOf(facts({ ticket: won }))).toMatchObject({ name: "won", until: 9000 })
  const offered = record("won", { order: order("pending", { offer: true }) })
  expect(sceneOf(facts({ ticket: offered })).name).toBe("offered")
  expect(sceneOf(facts({ ticket: won, now: 9000 }))).toMatchObject({ name: "settling", until: null })
})

test("who has ended may come again while there is anything to be had, and not while a ticket lives", () => {
  for (const state of ["left", "expired", "failed"] as const)
    expect(sceneOf(facts({ ticket: record(state) })).mayEnter).toBe(true)
  expect(sceneOf(facts({ ticket: record("rejected") })).mayEnter).toBe(false)
  expect(sceneOf(facts({ ticket: record("won", { order: order("paid") }) })).mayEnter).toBe(false)
  const nothing = standing({ items: [gone] })
  expect(sceneOf(facts({ ticket: record("left"), standing: nothing })).mayEnter).toBe(false)
})

test("a standing from before the word sold out does not invite to try again", () => {
  const ticket = record("sold_out", { at: 2000 })
  expect(sceneOf(facts({ ticket })).mayEnter).toBe(false)
  expect(sceneOf(facts({ ticket, standing: standing({ at: 2001 }) })).mayEnter).toBe(true)
})

test("a click that is under way is newer than a ticket that has ended, and older than one that lives", () => {
  const click = { kind: "entering" } as const
  expect(sceneOf(facts({ ticket: record("left"), click })).name).toBe("entering")
  expect(sceneOf(facts({ ticket: record("queued"), click, isTaken: true })).name).toBe("queued")
})
