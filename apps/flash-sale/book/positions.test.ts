// How many are before somebody: those who left are not, wherever they stood; for one buyer exactly, for everybody at once
// nearly.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { saleSnapshot } from "../delivery/record-of.ts"
import { ticketView } from "../http/views/ticket-view.ts"
import { positionOf } from "../model/estimate.ts"
import { Turns } from "../model/turns.ts"
import { startsAt, World } from "../test/world.ts"
import { Departures } from "./memory/departures.ts"
import { lineMarks } from "./memory/line-marks.ts"

const hundred = { items: [{ id: "i", title: "A thing", stock: 100, price: 100 }], reserve: 10_000 }
const view = (world: World, number: number) => ticketView(world.sale, world.ticket(number), "http://laba")

async function crowd(world: World, size: number): Promise<void> {
  const names = Array.from({ length: size }, (_, at) => `u${at}`)
  for (const user of names)
    void world.admission.enter({
      user,
      item: null,
      key: "k",
      token: world.admission.token(user) as string | null,
    })
  world.admission.flush((error) => {
    throw error
  })
}

test("two who are left of forty are number one and number two", async () => {
  using world = new World({ ...hundred, inflowPerSecond: 0.1 })
  world.sale.setPhase("open")
  world.sale.setPhase("paused")
  await crowd(world, 40)
  for (let number = 1; number <= 40; number++)
    if (number !== 20 && number !== 40) world.sale.leave(world.ticket(number))
  expect([view(world, 20).position, view(world, 40).position]).toEqual([1, 2])
  expect((await world.admitted("late")).place).toBe(3)
  const snapshot = saleSnapshot(world.sale)
  expect(positionOf(40, snapshot)).toBeLessThanOrEqual(4)
  world.revive()
  expect([20, 40, 41].map((number) => view(world, number).position)).toEqual([1, 2, 3])
})

test("who leaves before the draw is before nobody", async () => {
  using world = new World(
    { ...hundred, mode: "shuffle", lobbyAt: startsAt - 60_000, inflowPerSecond: 0.1 },
    30,
  )
  await crowd(world, 30)
  for (let number = 1; number <= 10; number++) world.sale.leave(world.ticket(number))
  expect(view(world, 11)).toMatchObject({ position: null, etaSeconds: null, entrants: 20 })
  world.pass(30)
  await world.work()
  const positions = (): (number | null)[] =>
    [...world.sale.book.tickets]
      .filter(({ state }) => state === "queued")
      .map(({ number }) => view(world, number).position)
  // One was decided at the draw.
  const expected = Array.from({ length: 19 }, (_, at) => at + 1)
  expect(positions().toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(expected)
  world.revive()
  expect(positions().toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(expected)
})

test("on a wait-list those who left it are before nobody", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  for (const user of ["ann", "ben", "cleo", "dan"]) await world.admitted(user)
  await world.work()
  const positions = () => [2, 3, 4].map((number) => world.sale.book.positionOf(world.ticket(number)))
  expect(positions()).toEqual([1, 2, 3])
  world.sale.leave(world.ticket(2))
  expect(positions()).toEqual([null, 1, 2])
  world.revive()
  expect(positions()).toEqual([null, 1, 2])
})

test("departures are counted as by walking along the line", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { maxLength: 300 }), (gone) => {
      const departures = new Departures()
      for (const [at, place] of gone.entries()) {
        departures.mark(place)
        const asked = (place * 7) % 6000
        const walked = gone.slice(0, at + 1).filter((one) => one <= asked).length
        expect(departures.upTo(asked)).toBe(walked)
      }
    }),
  )
})

test("what a page computes from the shared snapshot is exact at the marks, and near between them", () => {
  const leaving = fc.tuple(fc.nat({ max: 9 }), fc.integer({ min: 1, max: 30 }))
  fc.assert(
    fc.property(fc.array(leaving, { maxLength: 20 }), (choices) => {
      const departures = new Departures()
      const tickets = { length: 300 }
      const here = Array.from(tickets, (_, at) => at + 1)
      for (const [where, many] of choices) {
        for (const turn of here.splice(Math.floor((where * here.length) / 10), many)) departures.mark(turn)
        const served = (here[0] ?? 301) - 1
        const line = lineMarks({ turns: new Turns(), tickets, served, queued: here.length, departures })
        for (const [turn, position] of line) expect(position).toBe(here.filter((one) => one <= turn).length)
        for (const [at, turn] of here.entries()) {
          const computed = positionOf(turn, { served, perSecond: null, line })
          expect(Math.abs(computed - (at + 1))).toBeLessThanOrEqual(Math.ceil((300 - served) / 8))
          expect(computed).toBeGreaterThanOrEqual(1)
        }
      }
    }),
  )
}, 60_000)

test("marks are few, and there are none while nobody has left", async () => {
  using world = new World({ ...hundred, inflowPerSecond: 0.1 })
  world.sale.setPhase("open")
  world.sale.setPhase("paused")
  await crowd(world, 1000)
  expect(saleSnapshot(world.sale)).not.toHaveProperty("line")
  world.sale.leave(world.ticket(500))
  const { line } = saleSnapshot(world.sale)
  expect(line?.length).toBeLessThanOrEqual(17)
  expect(line?.at(-1)?.[1]).toBeGreaterThan(900)
})
