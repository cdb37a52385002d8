// Defects of payment that were read in the code of other flash sales: late, doubled, lost and wrong money, each as a test
// that ours does not have it.
import { expect, test } from "bun:test"
import type { Order } from "../book/memory/memory.ts"
import { Cashier } from "../payments/cashier.ts"
import { httpProvider } from "../payments/http-provider.ts"
import { type Simulator, startSimulator } from "../demo/simulator.ts"
import { World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }
const disposable = (simulator: Simulator): Simulator & AsyncDisposable => ({
  ...simulator,
  [Symbol.asyncDispose]: () => simulator.close(),
})
const shown = (world: World, user: string, number: number) => world.seen.get(`/@${user}/sales/s#${number}`)

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
  await world.pays(1)
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.findings()).toEqual([])
})

test("late money for an old order, while its buyer's new click waits to be written down, leaves them one", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 3, price: 100 }] })
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  world.pass(400)
  await world.work()
  world.provider.isAway = false
  const token = world.admission.token("ann") as string
  const clicked = world.admission.enter({ user: "ann", item: null, key: "again", token })
  world.provider.pay("s.1")
  for (const callback of world.provider.callbacks)
    world.cashier.receive(new Headers(), JSON.stringify(callback))
  world.admission.flush((error) => world.logged.push(String(error)))
  expect(await clicked).toEqual({ refused: "ALREADY_IN", number: 1 })
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.sale.book.tickets).toHaveLength(1)
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
  await world.pays(1)
  expect(world.sale.orderOf(1)?.state).toBe("refunded")
  expect(world.provider.trades.get("s.1")?.state).toBe("refunded")
  expect(world.findings()).toEqual([])
})

test("a refund that fails is tried again with longer and longer waits, not in a loop", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.pays(1)
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
  await world.pays(1)
  world.cashier.receive(
    new Headers(),
    JSON.stringify({ reference: world.reference(1), payment: "again", amount: 100 }),
  )
  await world.work()
  expect(world.database.query("SELECT id, state FROM payments ORDER BY id").all()).toEqual([
    { id: "again", state: "refunded" },
    { id: "p1", state: "kept" },
  ])
  expect(world.findings()).toEqual([])
})

test("two payments that are told of in the wrong order: one is kept, one goes back", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  for (const payment of ["second", "first", "second"])
    world.cashier.receive(
      new Headers(),
      JSON.stringify({ reference: world.reference(1), payment, amount: 100 }),
    )
  await world.work()
  expect(world.database.query("SELECT id, state FROM payments ORDER BY id").all()).toEqual([
    { id: "first", state: "refunded" },
    { id: "second", state: "kept" },
  ])
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.findings()).toEqual([])
})

test("“declined” that comes after “paid” changes nothing", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const heard: string[] = []
  const { promise: heardBoth, resolve } = Promise.withResolvers<void>()
  using server = Bun.serve({
    port: 0,
    async fetch(request) {
      const body = await request.text()
      heard.push((JSON.parse(body) as { state: string }).state)
      cashier.receive(request.headers, body)
      if (heard.length === 2) resolve()
      return new Response()
    },
  })
  await using simulator = disposable(
    startSimulator({ path: ":memory:", secret: "shared", weather: { declined: 1, reordered: 1 } }),
  )
  const provider = httpProvider({ url: simulator.url, secret: "shared", callbackUrl: () => server.url.href })
  const cashier = new Cashier({ provider, find: () => world.sale, books: world.ledger.books, log: () => {} })
  const opened = await cashier.open(world.sale, 1)
  const payUrl = "payUrl" in opened ? opened.payUrl : ""
  const statuses = [await fetch(payUrl, { method: "POST" }), await fetch(payUrl, { method: "POST" })]
  expect(statuses.map(({ status }) => status)).toEqual([402, 200])
  await heardBoth
  expect(heard).toEqual(["paid", "declined"])
  expect(world.sale.orderOf(1)?.state).toBe("paid")
  expect(world.database.query("SELECT state FROM payments").all()).toEqual([{ state: "kept" }])
  await world.work()
  expect(world.findings()).toEqual([])
})

test("a wrong amount buys nothing and goes back", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  world.cashier.receive(
    new Headers(),
    JSON.stringify({ reference: world.reference(1), payment: "cheap", amount: 1 }),
  )
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  expect(world.database.query("SELECT state FROM payments").all()).toEqual([{ state: "refunded" }])
})

test("money that nobody told us of is found, also when the provider was away as the order ended", async () => {
  using world = new World(one)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  world.pass(400)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("expired")
  // She pays after the end, and the callback is lost.
  world.provider.pay("s.1")
  world.provider.callbacks.length = 0
  world.provider.isAway = false
  world.pass(60)
  await world.work()
  // What was found is answered in the next turn.
  await world.work()
  expect(world.provider.trades.get("s.1")?.state).toBe("refunded")
  expect(world.sale.orderOf(1)?.state).toBe("refunded")
})

test("late money buys nothing for who stands in the queue again: nobody ends up with two", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] })
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  world.pass(400)
  await world.work()
  world.provider.isAway = false
  await world.admitted("ann", { key: "again" })
  await world.pays(1)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("refunded")
  expect(world.sale.orderOf(2)?.state).toBe("pending")
  expect(world.findings()).toEqual([])
})

test("money for an order that there is not is written down and goes back", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const tell = (reference: string, payment: string) =>
    world.cashier.receive(new Headers(), JSON.stringify({ reference, payment, amount: 100 }))
  const refund = world.provider.refund.bind(world.provider)
  world.provider.refund = async () => {
    throw new Error("The provider is away.")
  }
  for (let time = 0; time < 2; time++) expect(tell(world.reference(999), "lost")).toBe(true)
  expect(tell(world.reference("one"), "garbled")).toBe(true)
  await world.work()
  const payments = () => world.database.query("SELECT id, number, state FROM payments ORDER BY id").all()
  expect(payments()).toEqual([
    { id: "garbled", number: 0, state: "refund_due" },
    { id: "lost", number: 999, state: "refund_due" },
  ])
  world.pass(86_401)
  // Watched like all money that is owed: I7 cries when it does not get back.
  expect(world.findings().filter((line) => line.startsWith("I7"))).toEqual([
    expect.stringContaining("garbled waits for its refund"),
    expect.stringContaining("lost waits for its refund"),
  ])
  world.provider.refund = refund
  await world.work()
  expect(payments()).toMatchObject([{ state: "refunded" }, { state: "refunded" }])
  expect(world.findings()).toEqual([])
})

test("a payment for an order of other books is nobody's here, though they had the same sale and number", async () => {
  using others = new World(one)
  using world = new World(one)
  for (const [each, user] of [
    [others, "ann"],
    [world, "ben"],
  ] as const) {
    await each.admitted(user)
    await each.work()
  }
  await others.cashier.open(others.sale, 1)
  others.provider.pay("s.1")
  const [told] = others.provider.callbacks
  expect(world.cashier.receive(new Headers(), JSON.stringify(told))).toBe(false)
  await world.work()
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  // Nor is it paid back here: those who took it keep it.
  expect(world.database.query("SELECT * FROM payments").all()).toEqual([])
  expect(others.sale.book.referenceOf(others.sale.orderOf(1) as Order)).not.toBe(world.reference(1))
})

test("a payment for an order that was lost with restored books goes back, and pays nobody else's", async () => {
  const book = (user: string) => async (world: World) => {
    await world.admitted(user)
    await world.work()
    await world.cashier.open(world.sale, 1)
  }
  using world = new World(one)
  const before = world.database.serialize()
  await book("ann")(world)
  world.provider.pay("s.1")
  const [told] = world.provider.callbacks
  using restored = new World(one, 0, before)
  restored.pass(5)
  await book("ben")(restored)
  expect(restored.cashier.receive(new Headers(), JSON.stringify(told))).toBe(true)
  await restored.work()
  expect(restored.sale.orderOf(1)?.state).toBe("pending")
  expect(restored.database.query("SELECT number, state FROM payments").all()).toEqual([
    { number: 0, state: "refunded" },
  ])
  expect(restored.findings()).toEqual([])
})

test("money for a sale that never was here is not acknowledged", async () => {
  using world = new World(one)
  const told = { reference: "another-shop.1", payment: "lost", amount: 100 }
  expect(world.cashier.receive(new Headers(), JSON.stringify(told))).toBe(false)
  expect(world.logged).toContainEqual(expect.stringContaining("another-shop.1"))
})
