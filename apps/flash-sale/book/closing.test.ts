// A sale that is closed: nobody new wins, also while the many who wait are being told.
import { expect, test } from "bun:test"
import { World } from "../test/world.ts"

test("a unit that comes back after the end is nobody's, in all the turns until everybody is told", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }], reserve: 5000 })
  for (let user = 0; user < 2500; user++) {
    const token = world.desk.token(`u${user}`) as string
    void world.desk.enter({ user: `u${user}`, item: null, key: "k", token })
  }
  await world.work()
  const won = (): number => [...world.sale.book.tickets].filter(({ state }) => state === "won").length
  expect([won(), world.sale.book.waitlisted]).toEqual([2, 2498])
  // Both have not paid as it ends.
  world.pass(301)
  world.sale.setPhase("closed")
  for (const left of [1498, 498, 0]) {
    world.sale.step()
    expect([won(), world.sale.book.waitlisted]).toEqual([2, left])
  }
  await world.work()
  expect(world.sale.book.items[0]?.counts).toMatchObject({ available: 2, held: 0 })
  expect(new Set([...world.sale.book.tickets].map(({ state }) => state))).toEqual(
    new Set(["won", "rejected"]),
  )
  expect(world.findings()).toEqual([])
}, 60_000)

test("what is given back while it closes is not offered to who waits", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  world.sale.setPhase("closed")
  world.sale.end(1, "cancel")
  expect(world.ticket(2).state).toBe("waitlisted")
  world.revive()
  await world.work()
  expect(world.ticket(2).state).toBe("rejected")
})
