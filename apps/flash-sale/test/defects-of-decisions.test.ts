// Defects of stock and decisions that were read in the code of other flash sales, each as a test that ours does not have
// it. What needs sockets and HTTP is in http.test.ts; what needs a death between any two steps is in crashes.test.ts.
import { expect, test } from "bun:test"
import { saleSnapshot } from "../delivery/record-of.ts"
import type { EntryAnswer } from "../admission/admission-queue.ts"
import { World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }
const states = (world: World) => [...world.sale.book.tickets].map((ticket) => ticket.state)
const shown = (world: World, user: string, number: number) => world.seen.get(`/@${user}/sales/s#${number}`)
const refusalIn = (answer: EntryAnswer) => ("refused" in answer ? answer.refused : null)

test("sells exactly what there is, to a thousand at once: no unit too many, and none too few", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 30, price: 100 }], reserve: 1000 })
  for (let user = 0; user < 1000; user++) {
    const name = `u${user}`
    const token = world.admission.token(name)
    void world.admission.enter({ user: name, item: null, key: "k", token: token as string })
  }
  await world.work()
  expect(states(world).filter((state) => state === "won")).toHaveLength(30)
  expect(world.findings()).toEqual([])
})

test("a loser gets a result, not silence", async () => {
  using world = new World({ ...one, factor: 1, reserve: 5 })
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  await world.work()
  await world.pays(1)
  expect(states(world)).toEqual(["won", "sold_out", "sold_out"])
  expect(shown(world, "cleo", 3)).toMatchObject({ state: "sold_out" })
})

test("a unit that comes back is sold: sold out does not stick", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const soldOut = saleSnapshot(world.sale)
  expect(soldOut.items[0]).toMatchObject({ available: 0, gone: false })
  world.pass(1)
  world.sale.end(1, "cancel")
  const openAgain = saleSnapshot(world.sale)
  expect(openAgain.items[0]).toMatchObject({ available: 1 })
  expect(openAgain.at).toBeGreaterThan(soldOut.at)
  await world.admitted("ben")
  await world.work()
  expect(states(world)).toEqual(["won", "won"])
  expect(world.findings()).toEqual([])
})

test("a restart does not fill up the stock again while winners have not paid", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  world.revive()
  await world.admitted("ben")
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted"])
})

test("a ticket that breaks every decision ends as failed, and those behind it go on", async () => {
  using world = new World()
  for (const user of ["ann", "poison", "cleo"]) await world.admitted(user)
  // The second order cannot be written, whatever is tried.
  world.database.run(
    "CREATE TRIGGER poison BEFORE INSERT ON orders WHEN NEW.user = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END",
  )
  for (let attempt = 0; attempt < 8; attempt++) {
    await world.work()
    world.pass(1)
  }
  expect(states(world)).toEqual(["won", "failed", "won"])
  expect(shown(world, "poison", 2)).toMatchObject({ state: "failed" })
  expect(world.findings()).toEqual([])
})

test("when the books cannot be written no unit is gone", async () => {
  using world = new World(one)
  await world.admitted("ann")
  world.onStep = (step) => {
    if (step.startsWith("INSERT INTO outbox")) throw new Error("disk I/O error")
  }
  await world.work()
  expect(world.sale.book.items[0]!.counts).toMatchObject({ available: 1, held: 0 })
  expect(states(world)).toEqual(["queued"])
  world.onStep = () => {}
  await world.work()
  expect(states(world)).toEqual(["won"])
})

test("a fast decision is never overwritten by a late “processing”", async () => {
  using world = new World(one)
  const ticket = await world.admitted("ann")
  // The word that she is in the queue is on its way when the decision falls.
  world.resultSender.tell(world.sale, ticket)
  await world.work()
  world.resultSender.tell(world.sale, world.ticket(1))
  await world.work()
  expect(shown(world, "ann", 1)).toMatchObject({ state: "won", version: 2 })
  expect(world.contradictions).toEqual([])
})

test("nobody hears “sold out” while units lie elsewhere", async () => {
  using world = new World({
    items: [
      { id: "a", title: "A", stock: 1, price: 1 },
      { id: "b", title: "B", stock: 5, price: 1 },
    ],
  })
  for (const user of ["ann", "ben"]) await world.admitted(user, { item: "b" })
  await world.admitted("cleo", { item: "a" })
  await world.work()
  expect(states(world)).toEqual(["won", "won", "won"])
})

test("a win is told only once it is in the books", async () => {
  using world = new World(one)
  await world.admitted("ann")
  world.onStep = (step) => {
    if (step === "decide: commit") throw new Error("disk I/O error")
  }
  await world.work()
  expect(shown(world, "ann", 1)?.state).not.toBe("won")
  world.onStep = () => {}
  await world.work()
  expect(shown(world, "ann", 1)?.state).toBe("won")
})

test("what a dead process left in the queue is decided by the next", async () => {
  using world = new World(one)
  await world.admitted("ann")
  world.dieAfter(0)
  await world.work()
  expect(world.isDead).toBe(true)
  world.revive()
  await world.work()
  expect(states(world)).toEqual(["won"])
})

test("an order that was told survives the death right after it was decided", async () => {
  const deaths: Record<string, (world: World, step: string) => boolean> = {
    "once it is in the books, before anybody was told": (_, step) => step === "decide: committed",
    "once its buyer was told, before that is noted": (world) => shown(world, "ann", 1)?.state === "won",
  }
  for (const [moment, dies] of Object.entries(deaths)) {
    using world = new World(one)
    await world.admitted("ann")
    world.onStep = (step) => {
      if (dies(world, step)) world.dieAfter(0)
    }
    await world.work()
    expect([moment, world.isDead]).toEqual([moment, true])
    world.onStep = () => {}
    world.revive()
    expect(world.sale.orderOf(1)?.state).toBe("pending")
    await world.work()
    expect(shown(world, "ann", 1)).toMatchObject({ state: "won", version: 2, order: { state: "pending" } })
    await world.pays(1)
    expect(world.sale.orderOf(1)?.state).toBe("paid")
    expect(world.findings()).toEqual([])
  }
})

test("offers go down the wait-list in its order, each for its own two minutes", async () => {
  using world = new World(one)
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted", "waitlisted"])
  world.pass(301)
  await world.work()
  expect(states(world)).toEqual(["won", "won", "waitlisted"])
  expect(world.sale.orderOf(2)?.payBy).toBe(world.now + 120_000)
  world.pass(121)
  await world.work()
  expect(states(world)).toEqual(["won", "won", "won"])
  expect(world.sale.orderOf(2)?.state).toBe("expired")
})

test("deadlines come from the books, so no timer can be lost", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.admitted("ben")
  await world.work()
  world.revive()
  world.pass(301)
  world.revive()
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("expired")
  expect(states(world)).toEqual(["won", "won"])
})

test("when the last unit is paid for, all who still wait are told at once", async () => {
  using world = new World({ ...one, factor: 1, reserve: 50, inflowPerSecond: 1 })
  for (let user = 0; user < 20; user++) await world.admitted(`u${user}`)
  await world.work()
  world.pass(1)
  await world.work()
  expect(states(world).filter((state) => state === "queued").length).toBeGreaterThan(10)
  await world.pays(1)
  expect(new Set(states(world).slice(1))).toEqual(new Set(["sold_out"]))
  expect(refusalIn(await world.enter("late"))).toBe("SOLD_OUT")
})
