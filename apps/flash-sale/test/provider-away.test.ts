// A payment provider that hangs or is away: nobody's order waits for it past its time, and who asks for something is told why
// it cannot be.
import { expect, test } from "bun:test"
import { Conversation } from "../delivery/laba/conversation.ts"
import { Cashier } from "../payments/cashier.ts"
import { watchedProvider } from "../payments/watched-provider.ts"
import { World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }

const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** Second by second, as a shop lives them. */
async function live(world: World, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    world.pass(1)
    await world.work()
  }
}

test("a provider that hangs holds no order past its time, however many there are", async () => {
  const count = 640
  using world = new World({ items: [{ id: "i", title: "A thing", stock: count, price: 100 }] })
  for (let at = 0; at < count; at++) await world.admitted(`u${at}`)
  await world.admitted("late")
  await world.work()
  world.provider.close = () => never()
  world.provider.look = () => never()
  for (let number = 1; number <= count; number++) await world.cashier.open(world.sale, number)
  world.pass(299)
  await world.work()
  expect(world.sale.book.pending).toBe(count)
  await live(world, 18)
  const states = new Set(Array.from({ length: count }, (_, at) => world.sale.orderOf(at + 1)?.state))
  expect([...states]).toEqual(["expired"])
  // The first unit is the next one's, and every trade is still to be asked for.
  expect(world.sale.orderOf(count + 1)).toMatchObject({ state: "pending", offer: true })
  expect(world.database.query("SELECT count(*) AS n FROM errands WHERE kind = 'close'").get()).toEqual({
    n: count,
  })
  world.pass(60)
  expect(world.findings().filter((line) => line.startsWith("I4"))).toEqual([])
})

test("money that was paid in time while the provider hung is settled when it is back: a unit, or the money", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] })
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  await world.work()
  for (const number of [1, 2]) await world.cashier.open(world.sale, number)
  const { provider } = world
  const { close, look } = provider
  provider.close = () => never()
  provider.look = () => never()
  for (const number of [1, 2]) provider.pay(`s.${number}`)
  provider.callbacks.length = 0
  world.pass(299)
  await world.work()
  await live(world, 18)
  // Of the two that came back one is offered to cleo.
  expect([1, 2, 3].map((number) => world.sale.orderOf(number)?.state)).toEqual([
    "expired",
    "expired",
    "pending",
  ])
  Object.assign(provider, { close, look })
  world.revive()
  await live(world, 3)
  expect([1, 2].map((number) => world.sale.orderOf(number)?.state)).toEqual(["paid", "refunded"])
  expect(world.findings()).toEqual([])
})

test("trades that cannot be closed take no turns of the others", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 4, price: 100 }] })
  for (const user of ["ann", "ben", "cleo", "dora"]) await world.admitted(user)
  await world.work()
  const { provider } = world
  const close = provider.close.bind(provider)
  provider.close = async (reference) => {
    if (reference !== world.reference(4)) throw new Error("Something is wrong with this one.")
    return close(reference)
  }
  const watched = watchedProvider(provider, { clock: () => world.now })
  const cashier = new Cashier({
    provider: watched,
    find: () => world.sale,
    books: world.ledger.books,
    log: () => {},
  })
  for (let number = 1; number <= 4; number++) await cashier.open(world.sale, number)
  world.pass(299)
  cashier.sweep(world.sale)
  for (let second = 0; second < 10; second++) {
    world.pass(1)
    cashier.sweep(world.sale)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(provider.trades.get("s.4")?.state).toBe("closed")
  expect(world.sale.orderOf(4)?.state).toBe("expired")
})

test("after a sleep of the machine the provider is asked before an order ends", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  const asked: string[] = []
  world.provider.close = (reference) => {
    asked.push(reference)
    return never()
  }
  world.pass(3600)
  await world.work()
  expect(asked).toEqual([world.reference(1)])
  expect(world.sale.orderOf(1)?.state).toBe("pending")
  await live(world, 16)
  expect(world.sale.orderOf(1)?.state).toBe("expired")
})

test("who gives back an order while the provider is away is told so, and not that it cannot be", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const conversation = new Conversation({
    find: () => world.sale,
    cashier: world.cashier,
    log: () => {},
  })
  const cancel = () =>
    conversation.answer({ user: "ann", channel: "/@ann/sales/s", text: '{"do":"cancel","ref":1}' })
  await world.cashier.open(world.sale, 1)
  world.provider.isAway = true
  expect(await world.cashier.cancel(world.sale, 1)).toBe("provider_away")
  expect(await cancel()).toEqual({ ref: 1, asked: "cancel", failed: "provider_away" })
  world.provider.isAway = false
  world.provider.pay("s.1")
  expect(await cancel()).toEqual({ ref: 1, asked: "cancel", failed: "not_cancelled" })
  expect(world.sale.orderOf(1)?.state).toBe("paid")
})

test("who has given an order back may ask again", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  await world.cashier.open(world.sale, 1)
  expect(await world.cashier.cancel(world.sale, 1)).toBe("cancelled")
  world.provider.isAway = true
  expect(await world.cashier.cancel(world.sale, 1)).toBe("cancelled")
  expect(await world.cashier.cancel(world.sale, 2)).toBe("no_order")
})
