// Money whose callback never comes is found within seconds, while its order still has time, and without asking too much.
import { expect, test } from "bun:test"
import { World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }

/** Ann has won, has opened the payment page and has paid; nobody told the shop. */
async function annPaid(): Promise<World> {
  const world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.pay("s.1")
  world.provider.callbacks.length = 0
  return world
}

test("a payment whose callback is lost is found some seconds after", async () => {
  using world = await annPaid()
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  world.pass(5)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.findings()).toEqual([])
})

test("who comes back from the payment page has the provider asked at once", async () => {
  using world = await annPaid()
  world.cashier.look(world.sale, 1)
  // Nothing waits for the answer.
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("paid")
})

test("a process after a death finds the trades that were open, and looks at them", async () => {
  using world = await annPaid()
  world.revive()
  await world.work()
  world.pass(5)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("paid")
})

test("who reloads and reloads has the provider asked once in three seconds", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  let looks = 0
  world.provider.look = async () => {
    looks++
    return { state: "open" }
  }
  world.cashier.look(world.sale, 1)
  // The provider knows nothing of an order that nobody has begun to pay.
  expect(looks).toBe(0)
  await world.cashier.open(world.sale, 1)
  for (let time = 0; time < 50; time++) world.cashier.look(world.sale, 1)
  expect(looks).toBe(1)
  world.pass(3)
  world.cashier.look(world.sale, 1)
  expect(looks).toBe(2)
})

test("an order that has ended is not looked at any more", async () => {
  using world = await annPaid()
  world.pass(5)
  await world.work()
  let looks = 0
  world.provider.look = async () => {
    looks++
    return { state: "open" }
  }
  world.cashier.look(world.sale, 1)
  for (let second = 0; second < 60; second++) {
    world.pass(1)
    await world.work()
  }
  expect(looks).toBe(0)
})

test("who opens the payment page again has the provider asked as well", async () => {
  using world = await annPaid()
  await world.cashier.open(world.sale, 1)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("paid")
})
