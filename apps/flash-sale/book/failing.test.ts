// Writes that fail: nothing of them stays in memory, and reading the memory again does not take all the time there is.
import { expect, test } from "bun:test"
import { diskFull, World } from "../test/world.ts"

const many = { items: [{ id: "i", title: "A thing", stock: 5000, price: 100 }], reserve: 10_000 }
const states = (world: World) => new Set([...world.sale.book.tickets].map(({ state }) => state))

function failAt(world: World, wanted: string): void {
  world.onStep = (step) => {
    if (step === wanted) throw diskFull()
  }
}

const entrants = (size: number) =>
  Array.from({ length: size }, (_, at) => ({ user: `u${at}`, item: 0, key: "k" }))

test("tickets that cannot be written down cost nothing but the answer", async () => {
  using world = new World(many)
  await world.admitted("ann")
  const { book } = world.sale
  failAt(world, "intake: commit")
  for (let batch = 0; batch < 100; batch++)
    expect(await world.enter(`u${batch}`)).toEqual({ refused: "NOT_SAVED", retryAfterSeconds: 1 })
  expect(world.sale.replays).toBe(0)
  expect(world.sale.book).toBe(book)
  world.onStep = () => {}
  expect((await world.admitted("ben")).number).toBe(2)
})

test("while decisions fail they are tried once a second, and what somebody asks for is refused at once", async () => {
  using world = new World(many)
  world.sale.admit(entrants(300))
  failAt(world, "decide: commit")
  for (let turn = 0; turn < 500; turn++) {
    try {
      world.sale.step()
    } catch (error) {
      expect(String(error)).toContain("disk is full")
    }
    world.pass(0.02)
  }
  // In ten seconds: seven until the wait is a second, then one a second.
  expect(world.sale.replays).toBeLessThan(18)
  expect(states(world)).toEqual(new Set(["queued"]))
  const { replays } = world.sale
  failAt(world, "leave: commit")
  const refused = (): boolean => {
    try {
      return !world.sale.leave(world.ticket(300))
    } catch (error) {
      return String(error).includes("disk is full")
    }
  }
  expect(Array.from({ length: 1000 }, refused)).not.toContain(false)
  expect(world.sale.replays - replays).toBeLessThan(2)
  // Room at last: nobody has paid for it with their ticket.
  world.onStep = () => {}
  world.pass(2)
  await world.work()
  expect(states(world)).toEqual(new Set(["won"]))
  expect(world.findings()).toEqual([])
}, 60_000)

test("a ticket that breaks every decision is found, and not by reading the memory for each one before it", async () => {
  using world = new World(many)
  const crowd = entrants(1000)
  crowd[700] = { user: "poison", item: 0, key: "k" }
  world.sale.admit(crowd)
  world.database.run(
    "CREATE TRIGGER poison BEFORE INSERT ON orders WHEN NEW.user = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END",
  )
  for (let turn = 0; turn < 10; turn++) {
    await world.work()
    world.pass(1)
  }
  expect(world.ticket(701).state).toBe("failed")
  expect([...world.sale.book.tickets].filter(({ state }) => state === "won")).toHaveLength(999)
  expect(world.sale.replays).toBeLessThan(40)
  expect(world.findings()).toEqual([])
}, 60_000)

test("nothing is told from a memory that is ahead of the tables, when they cannot even be read", async () => {
  using world = new World(many)
  await world.admitted("ann")
  const { sale } = world
  world.database.run("ALTER TABLE stock RENAME TO elsewhere")
  world.onStep = (step) => {
    if (step === "leave: commit") throw diskFull()
  }
  expect(() => sale.leave(sale.book.tickets.get(1)!)).toThrow()
  expect(() => sale.book.tickets).toThrow()
  world.database.run("ALTER TABLE elsewhere RENAME TO stock")
  expect(sale.book.tickets.get(1)?.state).toBe("queued")
})

test("what was told and could not be noted as told is noted later", async () => {
  using world = new World(many)
  await world.admitted("ann")
  failAt(world, "sent: commit")
  await world.work()
  const unsent = () => world.database.query("SELECT count(*) AS n FROM outbox WHERE sent = 0").get()
  expect(unsent()).toEqual({ n: 1 })
  world.onStep = () => {}
  await world.work()
  expect(unsent()).toEqual({ n: 0 })
})

test("nobody is given up on because others could not be told that they wait for nothing", async () => {
  const items = ["gone", "left"].map((id) => ({ id, title: id, stock: 1, price: 100 }))
  using world = new World({ items, inflowPerSecond: 1 })
  await world.admitted("ann", { item: "gone" })
  world.pass(1)
  await world.work()
  await world.admitted("ben", { item: "left" })
  await world.admitted("cleo", { item: "gone" })
  world.onStep = (step) => {
    if (step === "hopeless: commit") throw new Error("a bug of ours")
  }
  world.sale.pay(1, { id: "p", amount: 100 })
  for (let turn = 0; turn < 8; turn++) {
    world.pass(2)
    await world.work()
  }
  expect([...world.sale.book.tickets].map(({ state }) => state)).toEqual(["won", "queued", "queued"])
  world.onStep = () => {}
  world.pass(2)
  await world.work()
  expect([...world.sale.book.tickets].map(({ state }) => state)).toEqual(["won", "won", "sold_out"])
})

/** From now on what is done to a user's row fails, as a bug of ours would. */
const poison = (world: World, what: string): void => {
  world.database.run(
    `CREATE TRIGGER poison BEFORE ${what} WHEN NEW.user = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END`,
  )
}

async function live(world: World, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    world.pass(1)
    await world.work()
  }
}

test("a ticket that breaks every offer is passed over: the wait-list and the queue go on", async () => {
  using world = new World({
    items: [{ id: "i", title: "A thing", stock: 1, price: 100 }],
    ticketSeconds: 1000,
  })
  for (const user of ["ann", "poison", "ben"]) await world.admitted(user)
  await world.work()
  poison(world, "INSERT ON orders")
  await live(world, 305)
  await world.admitted("cleo")
  await live(world, 1)
  const shown = [...world.sale.book.tickets].map(({ user, state, order }) => [
    user,
    state,
    order?.state ?? null,
  ])
  expect(shown).toEqual([
    ["ann", "won", "expired"],
    ["poison", "failed", null],
    ["ben", "won", "pending"],
    ["cleo", "waitlisted", null],
  ])
  expect(world.findings()).toEqual([])
})

test("a ticket of which nothing can be written any more holds up nobody: not deadlines, not the close", async () => {
  for (const end of ["deadline", "close"]) {
    using world = new World({ ...many, inflowPerSecond: 0.1, ticketSeconds: 60 })
    world.sale.admit(["poison", "ann", "ben"].map((user) => ({ user, item: 0, key: "k" })))
    poison(world, "INSERT ON tickets")
    if (end === "close") world.sale.setPhase("closed")
    else world.sale.setPhase("paused")
    await live(world, 65)
    expect([...world.sale.book.tickets].slice(1).map(({ state }) => state)).toEqual(
      Array.from({ length: 2 }, () => (end === "close" ? "rejected" : "expired")),
    )
    // Nobody was told what is not in the books; who checks them finds it.
    world.pass(120)
    expect(world.findings()).toEqual([expect.stringContaining("I4 s.1 is queued past its deadline")])
    world.database.run("DROP TRIGGER poison")
    world.revive()
    await world.work()
    expect(world.ticket(1).state).toBe("expired")
  }
})

test("an order that cannot end holds up no other", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 3, price: 100 }] })
  for (const user of ["ann", "poison", "ben"]) await world.admitted(user)
  await world.work()
  await world.cashier.open(world.sale, 3)
  poison(world, "UPDATE OF state ON orders")
  await live(world, 310)
  expect([...world.sale.book.tickets].map(({ order }) => order?.state)).toEqual([
    "expired",
    "pending",
    "expired",
  ])
  expect((await world.admitted("cleo")).number).toBe(4)
  await live(world, 1)
  expect(world.ticket(4).state).toBe("won")
})
