// Old sales leave the books and the memory when nothing of them can change any more; what is left can be checked.
import { createHash } from "node:crypto"
import { expect, test } from "bun:test"
import type { Sale } from "./sale.ts"
import { Sales } from "./sales.ts"
import { saleSchema } from "../model/sale.ts"
import { startsAt, World } from "../test/world.ts"
import { ordersCsv } from "../ledger/orders-csv.ts"
import { Retention } from "./retention.ts"

const dayMs = 86_400_000
const keepMs = 30 * dayMs

/** A sale of two units in which ann paid, ben did not, and cleo waited; closed, and all told. */
async function overSale() {
  const world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] })
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  await world.work()
  await world.pays(1)
  world.sale.setPhase("closed")
  await world.work()
  world.pass(301)
  await world.work()
  return world
}

function retentionOf(world: World, { isClean = true } = {}) {
  const gone: Sale[] = []
  const sales = new Sales({ ledger: world.ledger, clock: () => world.now, webhooks: true, onTold: () => {} })
  const retention = new Retention({
    ledger: world.ledger,
    sales,
    clock: () => world.now,
    keepMs,
    isClean: () => isClean,
    onPutAway: (sale) => gone.push(sale),
  })
  const rows = (): number =>
    ["sales", "stock", "intake", "tickets", "orders", "outbox", "errands"].reduce(
      (sum, table) =>
        sum + (world.database.query(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n,
      0,
    )
  return { sales, retention, gone, rows }
}

test("a sale that has been over for the retention is put away, and a summary stays", async () => {
  using world = await overSale()
  const { sales, retention, gone, rows } = retentionOf(world)
  const csv = createHash("sha256")
  for (const line of ordersCsv(world.ledger, { key: 1, id: "s", currency: "CNY" })) csv.update(line)
  retention.run()
  expect(gone).toEqual([])
  world.pass(keepMs / 1000 + 1)
  for (let turn = 0; turn < 10; turn++) retention.run()
  expect(gone.map(({ id }) => id)).toEqual(["s"])
  expect(sales.find("s")).toBeNull()
  expect(rows()).toBe(0)
  expect(world.findings()).toEqual([])
  expect(retention.all()).toEqual([
    {
      id: "s",
      title: "A sale",
      currency: "CNY",
      startsAt,
      overAt: startsAt + 301_000,
      putAwayAt: world.now,
      items: [{ id: "i", total: 2, sold: 1 }],
      tickets: { won: 2, rejected: 1 },
      orders: { paid: 1, expired: 1 },
      money: { kept: 100 },
      commitment: expect.any(String),
      seed: null,
      ordersSha256: csv.digest("hex"),
    },
  ])
})

test("a death in the middle of putting away leaves a sale or a summary, and the next process goes on", async () => {
  for (let steps = 0; ; steps++) {
    using world = await overSale()
    world.pass(keepMs / 1000 + 1)
    const before = retentionOf(world)
    world.dieAfter(steps)
    try {
      for (let turn = 0; turn < 10; turn++) before.retention.run()
    } catch {
      // It died.
    }
    const died = world.isDead
    world.revive()
    expect(world.findings()).toEqual([])
    const { sales, retention, rows } = retentionOf(world)
    expect([sales.find("s") === null, retention.all().length === 0]).toSatisfy(
      ([isGone, isUnsummed]) => isGone !== isUnsummed,
    )
    for (let turn = 0; turn < 10; turn++) retention.run()
    expect(rows()).toBe(0)
    expect(retention.all()).toHaveLength(1)
    if (!died) break
  }
})

test("what is not over, not answered, or broken stays", async () => {
  using open = new World()
  await open.admitted("ann")
  await open.work()
  open.pass(10 * (keepMs / 1000))
  const unclosed = retentionOf(open)
  unclosed.retention.run()
  expect(unclosed.gone).toEqual([])

  using owing = await overSale()
  owing.provider.isAway = true
  owing.sale.takeBack(1)
  owing.pass(keepMs / 1000 + 1)
  const due = retentionOf(owing)
  due.retention.run()
  expect(due.gone).toEqual([])

  using broken = await overSale()
  broken.pass(keepMs / 1000 + 1)
  const unclean = retentionOf(broken, { isClean: false })
  unclean.retention.run()
  expect(unclean.gone).toEqual([])
})

test("a name is used once: no new sale takes over the orders of one that was put away", async () => {
  using world = await overSale()
  world.pass(keepMs / 1000 + 1)
  const { sales, retention } = retentionOf(world)
  retention.run()
  const again = saleSchema.parse({
    id: "s",
    title: "Another",
    startsAt,
    items: [{ id: "i", title: "A thing", stock: 1, price: 1 }],
  })
  expect(sales.create(again)).toBeNull()
  // The rows of the old one are still there; they are nobody's.
  const other = sales.create({ ...again, id: "t" })
  expect(other?.key).toBe(2)
  expect(other?.book.tickets.length).toBe(0)
})

test("money that comes for a sale that is not here any more goes back, once", async () => {
  using world = await overSale()
  world.pass(keepMs / 1000 + 1)
  const { retention } = retentionOf(world)
  const late = { reference: world.reference(2), payment: "late", amount: 100 }
  retention.run()
  expect(retention.refund(late)).toBe(true)
  expect(retention.refund(late)).toBe(true)
  expect(retention.refund({ ...late, reference: "never.1" })).toBe(false)
  expect(world.database.query("SELECT count(*) AS n FROM errands WHERE kind = 'refund'").get()).toEqual({
    n: 1,
  })
})

test("a payment that was kept stays kept when its provider tells of it again after its sale was put away", async () => {
  using world = await overSale()
  const told = { reference: world.reference(1), payment: "p1", amount: 100 }
  expect(world.database.query("SELECT id, state FROM payments").all()).toEqual([{ id: "p1", state: "kept" }])
  world.pass(keepMs / 1000 + 1)
  const { retention } = retentionOf(world)
  const refunds = () => world.database.query("SELECT body FROM errands WHERE kind = 'refund'").all()
  for (let turn = 0; turn < 10; turn++) {
    retention.run()
    expect(retention.refund(told)).toBe(true)
    expect(refunds()).toEqual([])
  }
  expect(retention.all()).toHaveLength(1)
})

test("a sale that cannot be put away keeps no other from it, and its failure is said", async () => {
  using world = await overSale()
  const { sales, retention, gone } = retentionOf(world)
  const items = [{ id: "i", title: "A thing", stock: 1, price: 1 }]
  sales.create(saleSchema.parse({ id: "t", title: "Another", startsAt, items }))?.setPhase("closed")
  world.database.run(
    "CREATE TRIGGER poison BEFORE DELETE ON sales WHEN OLD.id = 's' BEGIN SELECT RAISE(ABORT, 'poison'); END",
  )
  world.pass(keepMs / 1000 + 1)
  expect(() => retention.run()).toThrow("poison")
  expect(gone.map(({ id }) => id)).toEqual(["t"])
  expect(sales.find("s")).not.toBeNull()
})
