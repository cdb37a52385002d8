// What the shop's other systems are told, by what happened to an order and to money for it.
import { expect, test } from "bun:test"
import { World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }

interface Event extends Record<string, unknown> {
  readonly event: string
  readonly order: string
}

const eventsOf = (world: World): Event[] =>
  (
    world.database.query("SELECT body FROM errands WHERE kind = 'webhook' ORDER BY id").all() as {
      body: string
    }[]
  ).map(({ body }) => JSON.parse(body) as Event)

const names = (world: World): string[] => eventsOf(world).map(({ event, order }) => `${order} ${event}`)

async function annWon(): Promise<World> {
  const world = new World(one)
  await world.admitted("ann")
  await world.work()
  return world
}

const tell = (world: World, reference: string, payment: string, amount = 100) =>
  world.cashier.receive(new Headers(), JSON.stringify({ reference, payment, amount }))

test("an order that is not paid in time is told as expired", async () => {
  using world = await annWon()
  world.pass(301)
  await world.work()
  expect(names(world)).toEqual(["s.1 won", "s.1 expired"])
  expect(eventsOf(world)[1]).toMatchObject({
    user: "ann",
    item: "i",
    price: 100,
    currency: "CNY",
    live: false,
  })
  expect(eventsOf(world)[1]).not.toHaveProperty("payment")
})

test("an order that its buyer gives back is told as cancelled", async () => {
  using world = await annWon()
  await world.cashier.cancel(world.sale, 1)
  await world.work()
  expect(names(world)).toEqual(["s.1 won", "s.1 cancelled"])
  expect(eventsOf(world)[1]).toMatchObject({ user: "ann", live: false })
})

test("an order that the shop takes back is told as refunded when the money has gone, once", async () => {
  using world = await annWon()
  await world.pays(1)
  world.sale.takeBack(1)
  expect(names(world)).toEqual(["s.1 won", "s.1 paid"])
  await world.work()
  expect(names(world)).toEqual(["s.1 won", "s.1 paid", "s.1 refunded"])
  expect(eventsOf(world)[1]).toMatchObject({ payment: "p1", amount: 100, live: true })
  expect(eventsOf(world)[2]).toMatchObject({ payment: "p1", amount: 100, live: false })
  // A refund that is asked for again after a death.
  world.sale.refunded(1, "p1")
  expect(names(world)).toHaveLength(3)
})

test("late money that finds no unit is told as refunded", async () => {
  using world = await annWon()
  await world.admitted("ben")
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  world.pass(400)
  await world.work()
  world.provider.isAway = false
  await world.pays(1)
  expect(names(world)).toEqual(["s.1 won", "s.1 expired", "s.2 won", "s.1 refunded"])
})

test("money that bought nothing is told as returned, and why; the order is what it was", async () => {
  using world = await annWon()
  tell(world, world.reference(1), "cheap", 1)
  await world.work()
  await world.pays(1)
  tell(world, world.reference(1), "again")
  tell(world, world.reference(7), "nobody's")
  await world.work()
  const returned = eventsOf(world).filter(({ event }) => event === "returned")
  expect(returned).toMatchObject([
    { order: "s.1", payment: "cheap", amount: 1, why: "wrong_amount", user: "ann", live: true },
    { order: "s.1", payment: "again", amount: 100, why: "second", user: "ann", live: true },
    { order: "s.7", payment: "nobody's", amount: 100, why: "no_order", user: null, item: null, price: null },
  ])
  expect(world.sale.orderOf(1)?.state).toBe("paid")
})
