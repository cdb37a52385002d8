// The list of orders as a shop's accounts read it.
import { expect, test } from "bun:test"
import { type SaleGiven, World } from "../test/world.ts"
import { ordersCsv } from "./orders-csv.ts"

const items = [{ id: "i", title: "A thing", stock: 3, price: 500 }]

/** Ann's order, after what a test does with it. */
async function annsOrder(given: SaleGiven = {}): Promise<World> {
  const world = new World({ items, ...given })
  await world.admitted("ann")
  await world.work()
  return world
}

function ordersOf(world: World): Record<string, string>[] {
  const { key, id, book } = world.sale
  const lines = [...ordersCsv(world.ledger, { key, id, currency: book.settings.currency })]
  const [head = [], ...rows] = lines.map((line) => line.trimEnd().split(","))
  return rows.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at] ?? ""])))
}

const tell = (world: World, payment: string, amount: number) =>
  world.cashier.receive(new Headers(), JSON.stringify({ reference: world.reference(1), payment, amount }))

test("a price has the digits of its currency", async () => {
  for (const [currency, price] of [
    ["CNY", "5.00"],
    ["JPY", "500"],
    ["KWD", "0.500"],
  ] as const) {
    using world = await annsOrder({ currency })
    expect(ordersOf(world)).toMatchObject([{ price, currency }])
  }
})

test("an order's payment is the one that is kept, and what went back stands beside it", async () => {
  using world = await annsOrder()
  tell(world, "a-wrong-amount", 1)
  world.pass(1)
  tell(world, "right", 500)
  world.pass(1)
  tell(world, "a-second", 500)
  await world.work()
  expect(ordersOf(world)).toMatchObject([
    { state: "paid", payment: "right", returned: "a-wrong-amount a-second" },
  ])
})

test("an order that was taken back keeps no payment", async () => {
  using world = await annsOrder()
  await world.pays(1)
  world.sale.takeBack(1)
  await world.work()
  expect(ordersOf(world)).toMatchObject([{ state: "refunded", payment: "", returned: "p1" }])
})
