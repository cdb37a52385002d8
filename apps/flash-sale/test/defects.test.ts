// Every defect that was read in the code of other flash sales, as a test that ours does not have it. What needs sockets
// and HTTP is in http.test.ts; what needs a death between any two steps is in crashes.test.ts.
import { expect, test } from "bun:test"
import type { EntryAnswer } from "../intake/desk.ts"
import { startsAt, World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }
const states = (world: World) => world.sale.book.tickets.map((ticket) => ticket.state)
const shown = (world: World, user: string, number: number) => world.seen.get(`/@${user}/sales/s#${number}`)
const refusalIn = (answer: EntryAnswer) => ("refused" in answer ? answer.refused : null)

async function pays(world: World, number: number): Promise<void> {
  await world.cashier.open(world.sale, number)
  world.provider.pay(`s.${number}`)
  for (const callback of world.provider.callbacks.splice(0))
    world.cashier.receive(new Headers(), JSON.stringify(callback))
  await world.work()
}

test("sells exactly what there is, to a thousand at once: no unit too many, and none too few", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 30, price: 100 }], reserve: 1000 })
  for (let user = 0; user < 1000; user++) {
    const name = `u${user}`
    const token = world.desk.token(name)
    void world.desk.enter({ user: name, item: null, key: "k", token: token as string })
  }
  await world.work()
  expect(states(world).filter((state) => state === "won")).toHaveLength(30)
  expect(world.findings()).toEqual([])
})

test("an admitted buyer is on disk before being told so", async () => {
  using world = new World()
  let inLog = -1
  world.onStep = (step) => {
    if (step === "intake: committed")
      inLog = (world.database.query("SELECT sum(count) AS n FROM intake").get() as { n: number }).n
  }
  await world.admitted("ann")
  expect(inLog).toBe(1)
})

test("a buyer who could not be written down is told, and has no ticket", async () => {
  using world = new World()
  world.onStep = (step) => {
    if (step.startsWith("INSERT INTO intake")) throw new Error("database or disk is full")
  }
  expect(await world.enter("ann")).toMatchObject({ refused: "NOT_SAVED" })
  world.onStep = () => {}
  expect((await world.admitted("ann")).number).toBe(1)
})

test("a second click burns no second unit", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] })
  await world.admitted("ann")
  expect(await world.enter("ann", { key: "other" })).toEqual({ refused: "ALREADY_IN", number: 1 })
  await world.work()
  expect(await world.enter("ann", { key: "third" })).toEqual({ refused: "ALREADY_IN", number: 1 })
  await world.admitted("ben")
  await world.work()
  expect(states(world)).toEqual(["won", "won"])
})

test("two clicks in one batch are one ticket", async () => {
  using world = new World()
  const token = world.desk.token("ann") as string
  const first = world.desk.enter({ user: "ann", item: null, key: "a", token })
  const second = world.desk.enter({ user: "ann", item: null, key: "b", token })
  const again = world.desk.enter({ user: "ann", item: null, key: "a", token })
  world.desk.flush(() => {})
  expect(await first).toMatchObject({ ticket: { number: 1 } })
  expect(await second).toEqual({ refused: "ALREADY_IN", number: 1 })
  expect(await again).toMatchObject({ ticket: { number: 1 } })
  expect(world.sale.book.tickets).toHaveLength(1)
})

test("a loser gets a result, not silence", async () => {
  using world = new World({ ...one, factor: 1, reserve: 5 })
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  await world.work()
  await pays(world, 1)
  expect(states(world)).toEqual(["won", "sold_out", "sold_out"])
  expect(shown(world, "cleo", 3)).toMatchObject({ state: "sold_out" })
})

test("a unit that comes back is sold: sold out does not stick", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const { soldOutEpoch } = world.sale.book.items[0]!
  world.sale.end(1, "cancel")
  expect(world.sale.book.items[0]!.soldOutEpoch).toBeGreaterThan(soldOutEpoch)
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
  for (let attempt = 0; attempt < 8; attempt++) await world.work()
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
  world.tellings.tell(world.sale, ticket)
  await world.work()
  world.tellings.tell(world.sale, world.ticket(1))
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

test("money that comes as the time runs out is money: paid is not closed", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  // She pays, the callback is lost, and the time is up.
  world.provider.pay("s.1")
  world.pass(400)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.findings()).toEqual([])
})

test("a closed order whose money comes late gets a unit if there is one", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  world.pass(400)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("expired")
  world.provider.isAway = false
  await pays(world, 1)
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.findings()).toEqual([])
})

test("a closed order whose money comes late is refunded when somebody else has the unit", async () => {
  using world = new World(one)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  world.pass(400)
  await world.work()
  expect(shown(world, "ben", 2)).toMatchObject({ state: "won", order: { offer: true } })
  world.provider.isAway = false
  await pays(world, 1)
  expect(world.sale.orderOf(1)?.state).toBe("refunded")
  expect(world.provider.trades.get("s.1")?.state).toBe("refunded")
  expect(world.findings()).toEqual([])
})

test("a full queue turns away who comes last, and drops nobody who is in", async () => {
  using world = new World({ ...one, factor: 1, reserve: 1 })
  await world.admitted("ann")
  await world.admitted("ben")
  expect(await world.enter("cleo")).toMatchObject({
    refused: "QUEUE_FULL",
    retryAfterSeconds: expect.any(Number),
  })
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted"])
})

test("an order that was told survives the death right after it was decided", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  world.revive()
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  await pays(world, 1)
  expect(world.sale.orderOf(1)?.state).toBe("paid")
})

test("a refund that fails is tried again with longer and longer waits, not in a loop", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await pays(world, 1)
  let attempts = 0
  world.provider.refund = async () => {
    attempts++
    throw new Error("The provider is away.")
  }
  world.sale.takeBack(1)
  for (let second = 0; second < 120; second++) {
    world.pass(1)
    await world.work()
  }
  expect(attempts).toBeGreaterThan(3)
  expect(attempts).toBeLessThan(12)
})

test("the same callback twice is one payment", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.pay("s.1")
  const [callback] = world.provider.callbacks
  for (let time = 0; time < 3; time++) world.cashier.receive(new Headers(), JSON.stringify(callback))
  await world.work()
  expect(world.database.query("SELECT state FROM payments").all()).toEqual([{ state: "kept" }])
})

test("a second payment of one order goes back, and the order stays paid", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await pays(world, 1)
  world.cashier.receive(new Headers(), JSON.stringify({ reference: "s.1", payment: "again", amount: 100 }))
  await world.work()
  expect(world.database.query("SELECT id, state FROM payments ORDER BY id").all()).toEqual([
    { id: "again", state: "refunded" },
    { id: "p1", state: "kept" },
  ])
  expect(world.findings()).toEqual([])
})

test("a wrong amount buys nothing and goes back", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  world.cashier.receive(new Headers(), JSON.stringify({ reference: "s.1", payment: "cheap", amount: 1 }))
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  expect(world.database.query("SELECT state FROM payments").all()).toEqual([{ state: "refunded" }])
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

test("a clock that goes back changes neither deadlines nor order", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const payBy = world.sale.orderOf(1)?.payBy
  world.now -= 3_600_000
  await world.admitted("ben")
  world.revive()
  await world.work()
  expect(world.ticket(2).admittedAt).toBeGreaterThanOrEqual(world.ticket(1).admittedAt)
  expect(world.sale.orderOf(1)?.payBy).toBe(payBy)
  expect(states(world)).toEqual(["won", "waitlisted"])
})

test("when the last unit is paid for, all who still wait are told at once", async () => {
  using world = new World({ ...one, factor: 1, reserve: 50, inflowPerSecond: 1 })
  for (let user = 0; user < 20; user++) await world.admitted(`u${user}`)
  await world.work()
  world.pass(1)
  await world.work()
  expect(states(world).filter((state) => state === "queued").length).toBeGreaterThan(10)
  await pays(world, 1)
  expect(new Set(states(world).slice(1))).toEqual(new Set(["sold_out"]))
  expect(refusalIn(await world.enter("late"))).toBe("SOLD_OUT")
})

test("leaving frees the place at once", async () => {
  using world = new World({ ...one, factor: 1, reserve: 1 })
  await world.admitted("ann")
  await world.admitted("ben")
  expect(refusalIn(await world.enter("cleo"))).toBe("QUEUE_FULL")
  world.sale.leave(world.ticket(2))
  expect(refusalIn(await world.enter("cleo", { key: "again" }))).toBeNull()
  expect(states(world)).toEqual(["queued", "left", "queued"])
})

test("the same key gets the same answer, before and after a restart", async () => {
  using world = new World(one)
  const first = await world.admitted("ann", { key: "k" })
  const { number, place, eta, admittedAt } = first
  await world.work()
  world.revive()
  const again = await world.admitted("ann", { key: "k" })
  expect(again).toMatchObject({ number, place, eta, admittedAt })
  expect(world.sale.book.tickets).toHaveLength(1)
})

test("nobody gets in with a forged, foreign, used, early or late token", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 50, price: 1 }] }, 1)
  const enter = (user: string, token: string | null, key = "k") =>
    world.desk.enter({ user, item: null, key, token })
  expect(world.desk.token("ann")).toMatchObject({ refused: "NOT_OPEN", retryAfterSeconds: 1 })
  expect(enter("ann", "whatever")).toMatchObject({ refused: "NOT_OPEN" })
  world.now = startsAt
  const token = world.desk.token("ann") as string
  expect(enter("ben", token)).toEqual({ refused: "BAD_TOKEN" })
  expect(enter("ann", null)).toEqual({ refused: "BAD_TOKEN" })
  expect(enter("ann", `${token.slice(0, -1)}!`)).toEqual({ refused: "BAD_TOKEN" })
  expect(enter("ann", `zzzzzzz.${token.split(".")[1]}`)).toEqual({ refused: "BAD_TOKEN" })
  const entered = enter("ann", token)
  world.desk.flush(() => {})
  expect(await entered).toMatchObject({ ticket: { number: 1 } })
  world.sale.leave(world.ticket(1))
  expect(enter("ann", token, "second")).toEqual({ refused: "BAD_TOKEN" })
  const other = world.desk.token("cleo") as string
  world.pass(121)
  expect(enter("cleo", other)).toEqual({ refused: "BAD_TOKEN" })
})

test("a script that hammers is slowed down, and only that one", async () => {
  using world = new World()
  const answers = Array.from({ length: 30 }, () => world.desk.token("bot"))
  expect(answers.filter((answer) => typeof answer !== "string").length).toBeGreaterThan(15)
  expect(answers.at(-1)).toMatchObject({ refused: "TOO_FAST" })
  expect(typeof world.desk.token("ann")).toBe("string")
})

test("those who came before the start are shuffled, and the order can be computed again", async () => {
  using world = new World({ mode: "shuffle", lobbyAt: startsAt - 60_000, inflowPerSecond: 1 }, 30)
  for (let user = 0; user < 40; user++) await world.enter(`u${user}`)
  expect(world.sale.book.turns).toBeNull()
  world.now = startsAt
  await world.work()
  const order = Array.from({ length: 40 }, (_, at) => world.sale.book.turns?.numberAt(at + 1))
  expect(order).not.toEqual(order.toSorted((a, b) => (a ?? 0) - (b ?? 0)))
  world.revive()
  expect(Array.from({ length: 40 }, (_, at) => world.sale.book.turns?.numberAt(at + 1))).toEqual(order)
  const late = await world.admitted("late")
  expect(world.sale.book.turnOf(late)).toBe(41)
})
