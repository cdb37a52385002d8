// A sale that stands still: tickets are taken, nothing is decided, and no time to take an offer runs.
import { expect, test } from "bun:test"
import { World } from "../test/world.ts"

const states = (world: World) => [...world.sale.book.tickets].map((ticket) => ticket.state)
const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }

test("a unit that comes back during a pause is offered when the sale goes on, with the whole time to take it", async () => {
  using world = new World(one)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  world.sale.setPhase("paused")
  world.sale.end(1, "cancel")
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted"])
  expect(world.sale.book.items[0]?.counts).toMatchObject({ available: 1, held: 0 })
  world.pass(600)
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted"])
  // A restart does not forget whose it is.
  world.revive()
  world.sale.setPhase("open")
  await world.work()
  expect(states(world)).toEqual(["won", "won"])
  expect(world.sale.orderOf(2)).toMatchObject({ offer: true, payBy: world.now + 120_000 })
})

test("when it goes on, who is on the wait-list comes before who entered during the pause", async () => {
  using world = new World(one)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  world.sale.setPhase("paused")
  // The time to pay runs out as well.
  world.pass(301)
  await world.work()
  await world.admitted("cleo")
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted", "queued"])
  world.sale.setPhase("open")
  await world.work()
  expect(states(world)).toEqual(["won", "won", "waitlisted"])
})

test("many offers that are due at once are made some at a time, and all before anybody in the queue", async () => {
  const items = [{ id: "i", title: "A thing", stock: 2500, price: 100 }]
  using world = new World({ items, reserve: 5000 })
  const crowd = (name: string, size: number): void => {
    for (let user = 0; user < size; user++) {
      const token = world.admission.token(`${name}${user}`) as string
      void world.admission.enter({ user: `${name}${user}`, item: null, key: "k", token })
    }
  }
  crowd("first", 2500)
  await world.work()
  crowd("second", 2400)
  await world.work()
  world.sale.setPhase("paused")
  world.pass(301)
  await world.work()
  expect(world.sale.book.items[0]?.counts).toMatchObject({ available: 2500, held: 0 })
  expect(world.sale.book.waitlisted).toBe(2400)
  await world.admitted("last")
  world.sale.setPhase("open")
  for (const left of [1400, 400, 0]) {
    expect(world.ticket(4901).state).toBe("queued")
    world.sale.step()
    expect(world.sale.book.waitlisted).toBe(left)
  }
  await world.work()
  expect(world.ticket(4901).state).toBe("won")
  expect(world.findings()).toEqual([])
}, 60_000)
