// A draw of very many: hashed while they enter and told some at a time, so that no turn of the loop is long at the start.
import { expect, test } from "bun:test"
import { auditDecisions, auditRecord } from "../audit/draw-audit.ts"
import { drawRecord } from "../http/views/sale-view.ts"
import { type SaleGiven, startsAt, World } from "../test/world.ts"
import { Sales } from "./sales.ts"

const lobby: SaleGiven = {
  mode: "shuffle",
  lobbyAt: startsAt - 60_000,
  items: [{ id: "i", title: "A thing", stock: 5, price: 100 }],
  reserve: 100_000,
}

const entrants = (size: number) =>
  Array.from({ length: size }, (_, at) => ({ user: `u${at}`, item: 0, key: "k" }))

test("who entered is hashed before the start, and a start tells some at a time", () => {
  using world = new World(lobby, 30)
  const told: number[] = []
  const [sale] = new Sales({
    ledger: world.ledger,
    clock: () => world.now,
    webhooks: false,
    onTold: (_, { outbox, tickets }) => void (outbox === null && told.push(tickets.length)),
  }).all
  if (!sale) throw new Error("There is no sale.")
  sale.admit(entrants(15_000))
  let turns = 0
  while (sale.step()) turns++
  expect(turns).toBeGreaterThan(5)
  expect(sale.book.entrants?.digests).toHaveLength(15_000)
  sale.admit([{ user: "late", item: 0, key: "k" }])
  world.now = startsAt
  while (sale.step(1)) if (told.length > 6) sale.setPhase("paused")
  expect(Math.max(...told)).toBeLessThanOrEqual(2000)
  expect(told.length).toBeGreaterThan(6)
  // All but those who had been decided by then, of which they were told.
  expect(told.reduce((sum, some) => sum + some, 0)).toBeGreaterThan(14_900)
  expect(sale.book.entrants?.digests).toHaveLength(15_001)
}, 60_000)

test("the order is the one that anybody computes, also after a restart in the middle of it", async () => {
  using world = new World({ ...lobby, inflowPerSecond: 1000 }, 30)
  world.sale.admit(entrants(5000))
  world.sale.step()
  world.revive()
  world.sale.step()
  world.sale.admit([{ user: "late", item: 0, key: "k" }])
  world.now = startsAt
  world.sale.step()
  const record = drawRecord(world.sale)
  expect(record.entries).toHaveLength(5001)
  expect(auditRecord(record)).toEqual([])
  world.revive()
  expect(drawRecord(world.sale)).toEqual(record)
  await world.work()
  expect(auditDecisions(world.database, "s")).toEqual([])
}, 60_000)

test("a memory that is read again has the same order, and the draw is not made twice", () => {
  using world = new World({ ...lobby, inflowPerSecond: 1 }, 30)
  world.sale.admit(entrants(50))
  world.now = startsAt
  world.sale.step()
  const { turns, entrants: hashed } = world.sale.book
  world.onStep = (step) => {
    if (step === "leave: commit") throw new Error("disk I/O error")
  }
  const waiting = [...world.sale.book.tickets].findLast(({ state }) => state === "queued")
  expect(() => waiting && world.sale.leave(waiting)).toThrow("disk I/O error")
  expect(world.sale.book.turns).toBe(turns)
  expect(world.sale.book.entrants).toBe(hashed)
})
