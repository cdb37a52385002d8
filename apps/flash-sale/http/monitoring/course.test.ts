// What the operator is shown of how a sale has gone: the same before and after a restart, and of this sale alone.
import { expect, test } from "bun:test"
import { startsAt, World } from "../../test/world.ts"
import { Course } from "./course.ts"
import { Waits, waitSeconds } from "./waits.ts"

/** Results by the bound that they fell below. */
const fallen = ({ counts }: Waits): Record<string, number> =>
  Object.fromEntries(
    counts.flatMap((count, at) => (count === 0 ? [] : [[String(waitSeconds[at] ?? "more"), count] as const])),
  )

/** A world and a course that hears of all that is told in it. */
function watched(...given: ConstructorParameters<typeof World>) {
  const world = new World(...given)
  const course = new Course(world.sale)
  world.onTold = (told) => course.note(told.tickets)
  return { world, course }
}

test("a wait falls below the first bound that it does not pass", () => {
  const waits = new Waits()
  for (const seconds of [0, 0.01, 0.011, 1, 300, 301]) waits.add(seconds)
  expect(fallen(waits)).toEqual({ "0.01": 2, "0.025": 1, "1": 1, "300": 1, more: 1 })
  expect([waits.count, waits.secondsSum]).toEqual([6, 602.021])
})

test("a result is the end of a ticket: a place on the wait-list is none, nor is leaving", async () => {
  const { world, course } = watched({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  using _ = world
  for (const user of ["ann", "ben", "cid"]) await world.admitted(user)
  world.pass(2)
  await world.work()
  expect([...world.sale.book.tickets].map(({ state }) => state)).toEqual(["won", "waitlisted", "waitlisted"])
  expect(fallen(course.results)).toEqual({ "2.5": 1 })
  world.sale.leave(world.ticket(3))
  world.pass(40)
  await world.pays(1)
  // The last unit is paid for, and only now ben has a result.
  expect(world.ticket(2).state).toBe("sold_out")
  expect(fallen(course.results)).toEqual({ "2.5": 1, "60": 1 })
})

test("what becomes of an order is no second result, and an offer from the wait-list is a first one", async () => {
  const { world, course } = watched({
    items: [{ id: "i", title: "A thing", stock: 1, price: 100 }],
    payBySeconds: 20,
  })
  using _ = world
  await world.admitted("ann")
  await world.admitted("ben")
  await world.work()
  world.pass(21)
  await world.work()
  expect([...world.sale.book.tickets].map(({ state, order }) => [state, order?.state])).toEqual([
    ["won", "expired"],
    ["won", "pending"],
  ])
  expect(fallen(course.results)).toEqual({ "0.01": 1, "30": 1 })
  await world.pays(2)
  expect(course.results.count).toBe(2)
})

test("after a restart the results are read from the books as they were", async () => {
  const { world, course } = watched({ payBySeconds: 20, inflowPerSecond: 1 })
  using _ = world
  for (let at = 0; at < 8; at++) await world.admitted(`u${at}`)
  for (let second = 0; second < 30; second++) {
    await world.work()
    if (second === 3) await world.pays(1)
    world.pass(1)
  }
  expect(course.results.count).toBeGreaterThan(3)
  expect(Object.keys(fallen(course.results)).length).toBeGreaterThan(2)
  world.revive()
  expect(new Course(world.sale).results).toEqual(course.results)
})

test("who came before the draw waits from the draw on", async () => {
  const { world, course } = watched({ mode: "shuffle", lobbyAt: startsAt - 600_000 }, 600)
  using _ = world
  await world.admitted("early")
  world.now = startsAt
  await world.work()
  expect(fallen(course.results)).toEqual({ "0.01": 1 })
})

test("the curves hold the last ten minutes, and no more", async () => {
  const { world, course } = watched()
  using _ = world
  await world.admitted("ann")
  for (let second = 0; second < 700; second++) {
    course.look()
    world.pass(1)
  }
  expect(course.series.samples).toHaveLength(600)
  expect(course.series.samples.at(-1)).toEqual({
    ...{ at: startsAt / 1000 + 699, queued: 1, waitlisted: 0, served: 0, sold: 0, tickets: 1 },
  })
})
