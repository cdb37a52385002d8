// What a restart reads back from the tables is what there was before it.
import { expect, test } from "bun:test"
import { saleSnapshot } from "../delivery/record-of.ts"
import { startsAt, World } from "../test/world.ts"

const hundred = { items: [{ id: "i", title: "A thing", stock: 100, price: 100 }], reserve: 1000 }

test("turns that have passed stay so over a restart, while it is paused too", async () => {
  using world = new World(hundred)
  for (let user = 0; user < 40; user++) await world.admitted(`u${user}`)
  await world.work()
  expect(world.sale.book.served).toBe(40)
  world.sale.setPhase("paused")
  await world.admitted("ann")
  world.revive()
  expect(world.sale.book.served).toBe(40)
  expect(saleSnapshot(world.sale).served).toBe(40)
  expect((await world.admitted("ben")).place).toBe(2)
})

test("so they do when less than one is decided a second", async () => {
  using world = new World({ ...hundred, inflowPerSecond: 0.1 })
  for (let user = 0; user < 10; user++) await world.admitted(`u${user}`)
  for (let turn = 0; turn < 3; turn++) {
    world.pass(10)
    await world.work()
  }
  const { served } = world.sale.book
  expect(served).toBe(3)
  world.revive()
  expect(world.sale.book.served).toBe(served)
  expect((await world.admitted("late")).place).toBe(8)
})

test("so they do in an order that was drawn, past those who left", async () => {
  using world = new World({ ...hundred, mode: "shuffle", lobbyAt: startsAt - 60_000, inflowPerSecond: 1 }, 30)
  for (let user = 0; user < 20; user++) await world.admitted(`u${user}`)
  world.now = startsAt
  for (let turn = 0; turn < 5; turn++) {
    await world.work()
    world.pass(1)
  }
  const { book } = world.sale
  const next = book.turns?.numberAt(book.served + 1) ?? 0
  world.sale.leave(world.ticket(next))
  const { served } = book
  world.revive()
  expect(world.sale.book.served).toBe(served + 1)
  expect(world.ticket(world.sale.book.turns?.numberAt(served + 2) ?? 0).state).toBe("queued")
})

test("what everybody is shown is never older than before, though the clock went back over a restart", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  await world.admitted("ann")
  await world.work()
  world.pass(10)
  world.sale.end(1, "cancel")
  const { at } = saleSnapshot(world.sale)
  world.now -= 3_600_000
  world.revive()
  const after = saleSnapshot(world.sale)
  expect(after.at).toBeGreaterThanOrEqual(at)
  expect(after.items[0]).toMatchObject({ available: 1 })
})
