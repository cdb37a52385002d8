// A sale that is closed: nobody new wins, also while the many who wait are being told.
import { expect, test } from "bun:test"
import { World } from "../test/world.ts"

test("a unit that comes back after the end is nobody's, in all the turns until everybody is told", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }], reserve: 5000 })
  for (let user = 0; user < 2500; user++) {
    const token = world.admission.token(`u${user}`) as string
    void world.admission.enter({ user: `u${user}`, item: null, key: "k", token })
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

test("a sale that is sold out and owes nothing closes by itself after a day, unless a unit comes back", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  await world.admitted("ann")
  await world.work()
  await world.pays(1)
  const phaseAfter = async (hours: number) => {
    world.pass(hours * 3600)
    await world.work()
    return world.sale.book.phase
  }
  expect(await phaseAfter(23)).toBe("open")
  world.sale.takeBack(1)
  expect(await phaseAfter(100)).toBe("open")
  await world.admitted("ben")
  await world.work()
  expect(await phaseAfter(0.01)).toBe("open")
  await world.pays(2)
  // Counted from the last change, over a restart too.
  expect(await phaseAfter(23)).toBe("open")
  world.revive()
  expect(await phaseAfter(2)).toBe("closed")
  expect(world.findings()).toEqual([])
})

test("a sale with something left, or somebody who waits, stays open", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] })
  await world.admitted("ann")
  await world.work()
  await world.pays(1)
  world.pass(10 * 86_400)
  await world.work()
  expect(world.sale.book.phase).toBe("open")
})
