import { createHash } from "node:crypto"
import { expect, test } from "bun:test"
import fc from "fast-check"
import { commitmentOf, Draw, drawOrder, entryDigest, newSeed } from "./draw.ts"
import { DrainRate, etaSeconds, positionOf, type Wait, type WaitFacts, waitOf } from "./estimate.ts"
import { inspect } from "./invariants.ts"
import { ImpossibleEvent, type Machine, next } from "./machine.ts"
import { orderMachine } from "./order.ts"
import { isUserName } from "./record.ts"
import type { OrderRow, Snapshot, TicketRow } from "./snapshot.ts"
import { type TicketEvent, ticketEnds, ticketMachine, type TicketState } from "./ticket.ts"
import { Turns } from "./turns.ts"
import { moveUnit } from "./unit.ts"

test("a table without a cell for every state and event does not compile", () => {
  type Whole = Machine<TicketState, TicketEvent>
  type WithoutLeaving = { readonly [S in TicketState]: Omit<Whole[S], "leave"> }
  type WithoutWaiting = Omit<Whole, "waitlisted">
  const withoutLeaving: WithoutLeaving extends Whole ? "compiles" : "does not compile" = "does not compile"
  const withoutWaiting: WithoutWaiting extends Whole ? "compiles" : "does not compile" = "does not compile"
  const whole: typeof ticketMachine extends Whole ? "compiles" : "does not compile" = "compiles"
  expect([withoutLeaving, withoutWaiting, whole]).toEqual([
    "does not compile",
    "does not compile",
    "compiles",
  ])
})

test("no event leads out of the end of a ticket", () => {
  expect([...ticketEnds].sort()).toEqual(["expired", "failed", "left", "rejected", "sold_out", "won"])
})

test("deciding what was decided is a bug, leaving what has ended is nothing", () => {
  expect(() => next(ticketMachine, "won", "lose")).toThrow(ImpossibleEvent)
  expect(next(ticketMachine, "sold_out", "leave")).toBe("sold_out")
})

test("paid wins over everything but a refund", () => {
  for (const event of ["timeout", "cancel", "money", "money_without_unit"] as const)
    expect(next(orderMachine, "paid", event)).toBe("paid")
  expect(next(orderMachine, "paid", "take_back")).toBe("refund_due")
})

test("units always add up, and none is taken that is not there", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 5 }),
      fc.array(fc.constantFrom("hold" as const, "release" as const, "sell" as const, "take_back" as const)),
      (total, events) => {
        const counts = { total, available: total, held: 0, sold: 0 }
        for (const event of events) {
          const before = { ...counts }
          try {
            moveUnit(counts, event)
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError)
            expect(counts).toEqual(before)
          }
          expect(counts.available + counts.held + counts.sold).toBe(total)
          expect(Math.min(counts.available, counts.held, counts.sold)).toBeGreaterThanOrEqual(0)
        }
      },
    ),
  )
})

const entriesOf = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ number: at + 1, digest: entryDigest("s", at + 1, `u${at}`) }))

test("a draw is a permutation that seed and entries alone decide", () => {
  const entries = entriesOf(500)
  const order = drawOrder("seed", entries)
  expect(order).toEqual(drawOrder("seed", entries))
  expect([...order].sort((a, b) => a - b)).toEqual(entries.map((entry) => entry.number))
  expect(drawOrder("other", entries)).not.toEqual(order)
  expect(drawOrder("seed", [...entries.slice(0, -1), { number: 500, digest: "x" }])).not.toEqual(order)
})

test("a draw is the one that everybody has computed since, whether its entries come at once or one by one", () => {
  const entries = entriesOf(1000)
  const order = drawOrder("seed", entries)
  expect(entries[0]?.digest).toBe("W_uZsigBiPfjDGctojZsvV")
  expect(order.slice(0, 10)).toEqual([354, 717, 583, 531, 773, 937, 179, 452, 651, 214])
  const hash = createHash("sha256").update(order.join(" ")).digest("hex")
  expect(hash).toBe("c010f44625ad6e587101efda0e9dc0ce4a7a8a6c7f4021b3d2ae6cde4475d1e2")
  expect(commitmentOf("seed")).toBe("29a716c5e7d8fce023eb5872292934dd798ef50c9ec3711e55bcb2d08e7e5a2b")
  const draw = new Draw("seed")
  for (const entry of entries) draw.enter(entry)
  expect(draw.order()).toEqual(order)
  // Asking for it changes nothing.
  expect(draw.order()).toEqual(order)
})

test("a draw favours no place", () => {
  // Each of 6 entries should be first in a sixth of 3,000 draws: 500, with a standard deviation of 20.
  const entries = entriesOf(6)
  const firsts = new Map<number, number>()
  for (let run = 0; run < 3000; run++) {
    const first = drawOrder(`seed ${run}`, entries)[0] as number
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  for (const count of firsts.values()) expect(Math.abs(count - 500)).toBeLessThan(120)
})

test("the commitment does not give the seed away and fits no other", () => {
  const seed = newSeed()
  expect(commitmentOf(seed)).toHaveLength(64)
  expect(commitmentOf(seed)).not.toContain(seed)
  expect(commitmentOf(newSeed())).not.toBe(commitmentOf(seed))
})

test("who comes after the draw stands behind it, by number", () => {
  const turns = new Turns([3, 1, 2])
  expect([1, 2, 3, 4, 5].map((turn) => turns.numberAt(turn))).toEqual([3, 1, 2, 4, 5])
  expect([1, 2, 3, 4, 5].map((number) => turns.turnOf(number))).toEqual([2, 3, 1, 4, 5])
})

test("the time to wait never climbs, however the pace changes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ served: fc.nat({ max: 500 }), pace: fc.nat({ max: 50 }) })),
      (changes) => {
        let shown: number | null = null
        let served = 0
        for (const change of changes) {
          served += change.served
          const eta = etaSeconds(1000, { served, perSecond: change.pace }, shown)
          if (shown !== null) expect(eta).toBeLessThanOrEqual(shown)
          shown = eta
        }
      },
    ),
  )
})

const wait = (given: Partial<WaitFacts>): Wait =>
  waitOf({ position: 100, perSecond: 10, promisedAt: null, now: 0, ...given })

test("a promise counts down, and becomes sooner when it goes faster, but never later", () => {
  const first = wait({})
  expect(first).toEqual({ etaSeconds: 10, late: false, promisedAt: 10_000 })
  expect(wait({ ...first, position: 70, now: 3000 })).toMatchObject({ etaSeconds: 7, late: false })
  expect(wait({ ...first, perSecond: 50, now: 1000 })).toEqual({
    etaSeconds: 2,
    late: false,
    promisedAt: 3000,
  })
})

test("a promise that the pace of now would break is late at once, and one that has run out as well", () => {
  const { promisedAt } = wait({ position: 740, perSecond: 92.5 })
  expect(promisedAt).toBe(8000)
  expect(wait({ position: 732, perSecond: 1, promisedAt, now: 100 })).toEqual({
    etaSeconds: 8,
    late: true,
    promisedAt,
  })
  expect(wait({ position: 732, perSecond: 1, promisedAt, now: 9000 })).toMatchObject({
    etaSeconds: 0,
    late: true,
  })
  expect(wait({ perSecond: null, promisedAt, now: 9000 })).toMatchObject({ etaSeconds: 0, late: true })
  expect(wait({ perSecond: null, promisedAt, now: 1000 })).toMatchObject({ etaSeconds: 7, late: false })
})

test("a pace that trembles makes nobody late", () => {
  for (const perSecond of [9.2, 10, 10.9])
    expect(wait({ position: 6000, perSecond, promisedAt: 600_000 }).late).toBe(false)
  expect(wait({ perSecond: 7, promisedAt: 10_000 }).late).toBe(false)
})

test("nothing is promised while nothing is known", () => {
  expect(wait({ perSecond: null })).toEqual({ etaSeconds: null, late: false, promisedAt: null })
  expect(wait({ perSecond: 0 })).toMatchObject({ etaSeconds: null, late: false })
})

test("a position counts those before and oneself", () => {
  expect(positionOf(10, { served: 0, perSecond: null })).toBe(10)
  expect(positionOf(10, { served: 9, perSecond: null })).toBe(1)
  expect(positionOf(10, { served: 12, perSecond: null })).toBe(0)
})

test("the pace is measured, and a pause says nothing about it", () => {
  const rate = new DrainRate()
  expect(rate.perSecond).toBeNull()
  for (let second = 0; second <= 60; second++) rate.note(second * 100, second * 1000)
  expect(rate.perSecond).toBeCloseTo(100, 0)
  rate.rest(6000, 600_000)
  rate.note(6100, 601_000)
  expect(rate.perSecond).toBeCloseTo(100, 0)
})

test("what is served in the first moments is no pace yet", () => {
  const rate = new DrainRate()
  rate.note(0, 0)
  rate.note(25, 300)
  expect(rate.perSecond).toBeNull()
  rate.note(50, 1000)
  expect(rate.perSecond).toBe(50)
})

test("a user is a name that no channel can be mistaken for", () => {
  expect(["a", "客户一", "auth0|123", "a@b.c"].map(isUserName)).toEqual([true, true, true, true])
  const wrong = ["", "me", "a/b", "a b", "a%2f", "../x", "a?b", "x".repeat(65), "a\u0000", "\ud800"]
  expect(wrong.filter(isUserName)).toEqual([])
})

const right = (): { -readonly [K in keyof Snapshot]: Snapshot[K] } => {
  const ticket: TicketRow = {
    sale: "s",
    item: "i",
    number: 1,
    user: "u",
    state: "won",
    version: 2,
    deadline: 1000,
  }
  const order: OrderRow = { sale: "s", item: "i", number: 1, user: "u", state: "paid", payBy: 1000 }
  return {
    now: 0,
    stock: [{ sale: "s", item: "i", total: 2, available: 1, held: 0, sold: 1 }],
    tickets: [ticket],
    orders: [order],
    payments: [{ id: "p", sale: "s", number: 1, state: "kept", at: 0 }],
    results: [
      { sale: "s", number: 1, version: 2, ticket: "won", order: "pending" },
      { sale: "s", number: 1, version: 3, ticket: "won", order: "paid" },
    ],
  }
}

test("books that are right break nothing", () => {
  expect(Object.values(inspect(right())).flat()).toEqual([])
})

const wrongs: Record<string, (books: ReturnType<typeof right>) => void> = {
  "I1 a unit that is nowhere": (books) => (books.stock = [{ ...[...books.stock][0]!, available: 0 }]),
  "I1 a unit held for nobody": (books) =>
    (books.stock = [{ ...[...books.stock][0]!, available: 0, held: 1 }]),
  "I2 stock below zero": (books) => (books.stock = [{ ...[...books.stock][0]!, total: 0, available: -1 }]),
  "I3 two live orders of one user": (books) => {
    books.orders = [...books.orders, { ...[...books.orders][0]!, number: 2 }]
    books.tickets = [...books.tickets, { ...[...books.tickets][0]!, number: 2 }]
  },
  "I4 a ticket that waits for ever": (books) => {
    books.tickets = [...books.tickets, { ...[...books.tickets][0]!, number: 2, state: "queued" }]
    books.now = 1e9
  },
  "I4 an order that is never decided": (books) => {
    books.orders = [{ ...[...books.orders][0]!, state: "pending" }]
    books.now = 1e9
  },
  "I4 a winner without an order": (books) => (books.orders = []),
  "I5 an end that changed": (books) =>
    (books.results = [
      ...books.results,
      { sale: "s", number: 1, version: 4, ticket: "sold_out", order: "paid" },
    ]),
  "I5 an end that nobody was told": (books) => (books.results = []),
  "I6 a version that was said twice": (books) => (books.results = [...books.results, [...books.results][1]!]),
  "I6 a paid order shown as expired": (books) =>
    (books.results = [
      ...books.results,
      { sale: "s", number: 1, version: 4, ticket: "won", order: "expired" },
    ]),
  "I7 a paid order without money": (books) => (books.payments = []),
  "I7 money for nothing": (books) => (books.orders = [{ ...[...books.orders][0]!, state: "expired" }]),
  "I7 a refund that never happens": (books) => {
    books.payments = [...books.payments, { id: "q", sale: "s", number: 1, state: "refund_due", at: 0 }]
    books.now = 1e12
  },
}

for (const [name, spoil] of Object.entries(wrongs)) {
  test(`the inspection finds ${name}`, () => {
    const books = right()
    spoil(books)
    const found = inspect(books)
    expect(found[name.slice(0, 2) as keyof typeof found]).not.toEqual([])
  })
}
