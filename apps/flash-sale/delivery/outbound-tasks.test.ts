// Errands under bad conditions: what is owed goes back while others hang, and an order's events come in their order.
import { expect, test } from "bun:test"
import { startsAt, World } from "../test/world.ts"
import { type OutboundTask, OutboundTasks } from "./outbound-tasks.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Errands over a world's books that a test answers. */
function errandsOf(world: World, webhook: (errand: OutboundTask) => Promise<void>): OutboundTasks {
  return new OutboundTasks({
    ledger: world.ledger,
    clock: () => world.now,
    log: () => {},
    find: (id) => (id === world.sale.id ? world.sale : null),
    provider: world.provider,
    refunds: world.refunds,
    webhook,
  })
}

const addErrands = (world: World, kind: string, bodies: readonly object[]): void =>
  world.ledger.transaction("errands", () => {
    for (const body of bodies)
      world.ledger.run(
        "INSERT INTO errands (kind, body, due_at) VALUES (?, ?, ?)",
        kind,
        JSON.stringify(body),
        world.now,
      )
  })

test("money goes back while four hundred webhooks and as many closes hang", async () => {
  using world = new World(one)
  const orders = Array.from({ length: 400 }, (_, at) => ({ order: `s.${at}`, sale: "s", number: at }))
  world.provider.close = () => new Promise(() => {})
  addErrands(world, "webhook", orders)
  addErrands(world, "close", orders)
  const errands = errandsOf(world, () => new Promise(() => {}))
  errands.run()
  await turns()
  const refunded: string[] = []
  world.provider.refund = async (payment) => void refunded.push(payment)
  addErrands(world, "refund", [{ payment: "owed", sale: "s", number: 1 }])
  errands.run()
  await turns()
  expect(refunded).toEqual(["owed"])
})

test("the events of an order come one after the other, also when the first has to be told again", async () => {
  using world = new World(one)
  addErrands(
    world,
    "webhook",
    ["won", "paid", "refunded"].map((event) => ({ event, order: "s.1" })),
  )
  addErrands(world, "webhook", [{ event: "won", order: "s.2" }])
  const told: string[] = []
  let failures = 3
  const errands = errandsOf(world, async ({ body }) => {
    told.push(`${String(body["order"])} ${String(body["event"])}`)
    if (body["order"] === "s.1" && failures-- > 0) throw new Error("The shop is down.")
  })
  for (let second = 0; second < 10; second++) {
    errands.run()
    await turns()
    world.pass(1)
  }
  expect(told.filter((line) => line.startsWith("s.1"))).toEqual([
    ...Array.from({ length: 4 }, () => "s.1 won"),
    "s.1 paid",
    "s.1 refunded",
  ])
  // Other orders do not wait for it.
  expect(told.indexOf("s.2 won")).toBeLessThan(2)
})

test("an event that is refused for long holds up the later ones of its order no more", async () => {
  using world = new World(one)
  addErrands(
    world,
    "webhook",
    ["won", "paid"].map((event) => ({ event, order: "s.1" })),
  )
  const told: string[] = []
  const errands = errandsOf(world, async ({ body }) => {
    if (body["event"] === "won") throw new Error("The shop makes nothing of it.")
    told.push(String(body["event"]))
  })
  for (let minute = 0; minute < 5; minute++) {
    errands.run()
    await turns()
    world.pass(60)
  }
  expect(told).toEqual([])
  for (let minute = 0; minute < 15; minute++) {
    errands.run()
    await turns()
    world.pass(60)
  }
  expect(told).toEqual(["paid"])
})

test("while the provider is away refunds keep their turn, and count no attempts", async () => {
  using world = new World(one)
  const refunded: string[] = []
  let isAway = true
  const provider = {
    get mayAsk() {
      return !isAway
    },
    refund: async (payment: string) => void refunded.push(payment),
    close: async () => ({ state: "closed" as const }),
  }
  const errands = new OutboundTasks({
    ledger: world.ledger,
    clock: () => world.now,
    log: () => {},
    find: () => null,
    provider,
    refunds: world.refunds,
    webhook: null,
  })
  addErrands(world, "refund", [{ payment: "owed", sale: "s", number: 1 }])
  for (let minute = 0; minute < 10; minute++) {
    errands.run()
    await turns()
    world.pass(60)
  }
  expect(refunded).toEqual([])
  isAway = false
  errands.run()
  await turns()
  expect(refunded).toEqual(["owed"])
})

test("what a clock that was ahead has put off is done when it is right again", async () => {
  using world = new World(one)
  const refunded: string[] = []
  const isAway = () => world.now > startsAt + 1_000_000
  world.provider.refund = async (payment) => {
    if (isAway()) throw new Error("The provider is away.")
    refunded.push(payment)
  }
  const errands = errandsOf(world, async () => {})
  world.now += 3_600_000
  addErrands(world, "refund", [{ payment: "owed", sale: "s", number: 1 }])
  errands.run()
  await turns()
  world.now -= 3_600_000
  errands.run()
  await turns()
  expect(refunded).toEqual(["owed"])
})
