import { expect, test } from "bun:test"
import { type OrderState, orderMachine } from "../../model/order.ts"
import type { TicketRecord } from "../../model/wire/api.ts"
import { type TicketState, ticketMachine } from "../../model/ticket.ts"
import type { SaleView, SaleSnapshot as Standing } from "../../model/wire/api.ts"
import { firstChoice } from "./chosen-item.ts"
import { buttonsOf, isPressable, mayChoose, waitWords } from "./display.ts"
import { type Facts, sceneOf } from "./scene.ts"
import { phrases, sceneWords } from "./words.ts"

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
    items: [{ id: "i", title: "A thing", price: 1 }],
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
  ...{ sale: sale(), standing: standing(), ticket: null, isTicketKnown: true, waitPlace: null },
  ...{ click: { kind: "none" }, wanted: null, now: 3000, isTaken: false },
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

test("with every unit held nobody is told that they can buy now", () => {
  const held = standing({ items: [{ ...item, available: 0, held: 2 }], queued: 500 })
  const scene = sceneOf(facts({ standing: held }))
  expect(scene).toMatchObject({ name: "held", mayEnter: true })
  expect(buttonsOf(scene, facts({ standing: held }), false)).toEqual([phrases.waitForOne, null])
  const queued = facts({ standing: held, ticket: record("queued") })
  const words = waitWords(sceneOf(queued), queued, { etaSeconds: 6, isLate: false })
  expect(words).toEqual([sceneWords.queued.detail, phrases.allHeld])
  const ahead = facts({ ticket: record("queued") })
  expect(waitWords(sceneOf(ahead), ahead, { etaSeconds: 6, isLate: false }).at(-1)).toEqual(phrases.fewLeft)
  const waits = facts({ standing: held, ticket: record("waitlisted"), waitPlace: 7 })
  expect(sceneOf(waits)).toMatchObject({ name: "waitlisted", position: 7 })
})

test("before the shop has said what a buyer holds nobody is asked to buy", () => {
  expect(sceneOf(facts({ isTicketKnown: false })).name).toBe("loading")
  const closed = standing({ phase: "closed" })
  expect(sceneOf(facts({ isTicketKnown: false, standing: closed })).name).toBe("loading")
  // A ticket from before the start there is not, and who has come to see the clock run need not wait.
  expect(sceneOf(facts({ isTicketKnown: false, now: 500 })).name).toBe("countdown")
})

const two = {
  sale: sale({
    items: [
      { id: "i", title: "A thing", price: 1 },
      { id: "j", title: "Another", price: 2 },
    ],
  }),
  standing: standing({ items: [gone, { ...item, id: "j" }] }),
}

test("of several items a press buys the one that was chosen, and never another", () => {
  expect(sceneOf(facts({ ...two, wanted: "j" }))).toMatchObject({ name: "open", item: "j", mayEnter: true })
  const sold = facts({ ...two, wanted: "i" })
  expect(sceneOf(sold)).toMatchObject({ name: "open", item: null, mayEnter: true })
  expect(isPressable(sceneOf(sold))).toBe(false)
  expect(mayChoose(sceneOf(sold), sold)).toBe(true)
  expect(firstChoice(sold)).toBe("j")
})

test("one item that is sold out ends nothing while there are others", () => {
  const click = { kind: "refused", code: "SOLD_OUT", mayRetry: true } as const
  expect(sceneOf(facts({ ...two, click, wanted: "j" }))).toMatchObject({ name: "refused", mayEnter: true })
  const ticket = record("sold_out", { at: 3000 })
  const stale = standing({ items: [item, { ...item, id: "j" }] })
  const lost = facts({ ...two, ticket, standing: stale, wanted: "i" })
  expect(sceneOf(lost)).toMatchObject({ name: "lost", mayEnter: true, item: null })
  expect(sceneOf({ ...lost, wanted: "j" })).toMatchObject({ name: "lost", mayEnter: true, item: "j" })
})
