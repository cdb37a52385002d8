// The pace of decisions, whatever becomes of the clock.
import { expect, test } from "bun:test"
import { World } from "../test/world.ts"
import { Sale } from "./sale.ts"

test("a clock that was ten minutes ahead and is set back holds up no decisions", async () => {
  using world = new World({
    inflowPerSecond: 10,
    items: [{ id: "i", title: "A thing", stock: 50, price: 1 }],
  })
  for (let user = 0; user < 30; user++) await world.admitted(`u${user}`)
  let ticks = 0
  let { now } = world
  const sale = new Sale({
    ledger: world.ledger,
    key: world.sale.key,
    clock: () => now,
    ticks: () => ticks,
    webhooks: false,
    onTold() {},
  })
  now += 600_000
  sale.step()
  now -= 600_000
  for (let second = 0; second < 2; second++) {
    ticks += 1000
    sale.step()
  }
  expect(sale.book.served).toBe(20)
})
