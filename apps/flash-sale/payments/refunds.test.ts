// Money that the provider will not pay back: it is asked some times, and then an operator settles it.
import { expect, test } from "bun:test"
import { ProviderRefusal } from "./provider.ts"
import { World } from "../test/world.ts"

async function refusedWorld() {
  const world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  await world.admitted("ann")
  await world.work()
  await world.pays(1)
  let attempts = 0
  const refund = world.provider.refund.bind(world.provider)
  world.provider.refund = async () => {
    attempts++
    throw new ProviderRefusal("It was too long ago.")
  }
  world.sale.takeBack(1)
  const live = async (seconds: number): Promise<number> => {
    for (let second = 0; second < seconds; second++) {
      world.pass(1)
      await world.work()
    }
    return attempts
  }
  return { world, live, refund }
}

const events = (world: World): string[] =>
  (
    world.database.query("SELECT body FROM errands WHERE kind = 'webhook' ORDER BY id").all() as {
      body: string
    }[]
  ).map(({ body }) => (JSON.parse(body) as { event: string }).event)

test("a refund that is refused for good is tried no more, is still owed, and can be settled by hand", async () => {
  const { world, live } = await refusedWorld()
  using _ = world
  const attempts = await live(120)
  expect(attempts).toBeLessThan(10)
  expect(await live(600)).toBe(attempts)
  const owed = { payment: "p1", sale: "s", number: 1, amount: 100, state: "refused" }
  expect(world.refunds.owed()).toMatchObject([owed])
  expect(world.refunds.refused).toBe(1)
  expect(world.sale.orderOf(1)?.state).toBe("refund_due")
  expect(world.findings()).toEqual([])
  world.revive()
  expect(await live(60)).toBe(attempts)
  world.pass(86_401)
  expect(world.findings()).toEqual([expect.stringContaining("I7 p1 will not be paid back")])
  expect(world.refunds.settle("p1")).toBe(true)
  expect(world.refunds.settle("p1")).toBe(false)
  expect(world.refunds.settle("another")).toBe(false)
  await live(1)
  expect(world.sale.orderOf(1)?.state).toBe("refunded")
  expect(world.refunds.owed()).toEqual([])
  expect(events(world)).toEqual(["won", "paid", "refunded"])
  expect(world.findings()).toEqual([])
}, 30_000)

test("what was refused can be tried again, and a provider that changes its mind pays it back", async () => {
  const { world, live, refund } = await refusedWorld()
  using _ = world
  expect(world.refunds.retry("p1")).toBe(false)
  const attempts = await live(60)
  world.provider.refund = refund
  expect(await live(60)).toBe(attempts)
  expect(world.refunds.retry("p1")).toBe(true)
  await live(1)
  expect(world.sale.orderOf(1)?.state).toBe("refunded")
  expect(world.provider.trades.get("s.1")?.state).toBe("refunded")
})

test("a trade of which its provider wants to know nothing is not asked for for ever", async () => {
  const { world, live } = await refusedWorld()
  using _ = world
  let asked = 0
  world.provider.close = async () => {
    asked++
    throw new ProviderRefusal("There is no such trade.")
  }
  world.ledger.run(
    'INSERT INTO errands (kind, body, due_at) VALUES (\'close\', \'{"sale":"s","number":9}\', 0)',
  )
  await live(120)
  const before = asked
  await live(300)
  expect([before < 10, asked]).toEqual([true, before])
}, 30_000)
