// Who is turned away at the door, before it is known what they want, and who must not be.
import { expect, test } from "bun:test"
import { World } from "../test/world.ts"

const twoItems = {
  items: [
    { id: "a", title: "A", stock: 1, price: 100 },
    { id: "b", title: "B", stock: 1, price: 100 },
  ],
}

async function buy(world: World, user: string, item: string): Promise<void> {
  const { number } = await world.admitted(user, { item })
  await world.work()
  world.sale.pay(number, { id: `payment of ${user}`, amount: 100 })
}

test("a full queue is said without asking for a token", async () => {
  using world = new World({ items: twoItems.items.slice(0, 1), factor: 1, reserve: 0 })
  await world.admitted("ann")
  expect(world.admission.turnAway({ user: "ben", key: "k" })).toMatchObject({ refused: "QUEUE_FULL" })
})

test("who holds a ticket is told which, without asking what they want", async () => {
  using world = new World()
  await world.admitted("ann")
  expect(world.admission.turnAway({ user: "ann", key: "another key" })).toEqual({
    refused: "ALREADY_IN",
    number: 1,
  })
})

test("a retry is not turned away, however full it is by now", async () => {
  using world = new World({ items: twoItems.items.slice(0, 1), factor: 1, reserve: 0 })
  await world.admitted("ann", { key: "mine" })
  expect(world.admission.turnAway({ user: "ann", key: "mine" })).toBeNull()
  expect(await world.admission.admit({ user: "ann", item: null, key: "mine", token: null })).toMatchObject({
    isNew: false,
  })
})

test("a key that has its answer is never too fast, before it is written down and after", async () => {
  using world = new World()
  const token = world.admission.token("ann") as string
  const retry = () => world.admission.enter({ user: "ann", item: null, key: "mine", token })
  const first = retry()
  const waiting = Array.from({ length: 15 }, retry)
  world.admission.flush(() => {})
  const { ticket } = (await first) as { ticket: object }
  for (const answer of [...(await Promise.all(waiting)), ...Array.from({ length: 30 }, retry)])
    expect(answer).toMatchObject({ ticket })
  // Nor have they used up what a new attempt may cost.
  expect(world.admission.turnAway({ user: "ann", key: "another" })).toMatchObject({ refused: "ALREADY_IN" })
  for (let attempt = 0; attempt < 8; attempt++)
    await world.admission.turnAway({ user: "ann", key: "another" })
  expect(world.admission.turnAway({ user: "ann", key: "another" })).toMatchObject({ refused: "TOO_FAST" })
  expect(retry()).toMatchObject({ ticket })
})

test("whose item is gone is not told to come again, though the queue is full for the others", async () => {
  using world = new World({ ...twoItems, factor: 1, reserve: 0 })
  await buy(world, "ann", "a")
  await world.admitted("ben", { item: "b" })
  expect(await world.enter("cleo", { item: "a" })).toEqual({ refused: "SOLD_OUT" })
  expect(await world.enter("dora", { item: "b" })).toMatchObject({ refused: "QUEUE_FULL" })
})

test("who names no item of the sale is told which there are, and keeps the way in", async () => {
  using world = new World(twoItems)
  const items = ["a", "b"]
  const token = world.admission.token("ann") as string
  const enter = (item: string | null) => world.admission.enter({ user: "ann", item, key: "k", token })
  for (const item of [null, "", "c", "A"]) expect(enter(item)).toEqual({ refused: "NO_SUCH_ITEM", items })
  const entered = enter("b")
  world.admission.flush(() => {})
  expect(await entered).toMatchObject({ ticket: { item: 1 } })
})

test("when all is gone nobody is asked what they want", async () => {
  using world = new World(twoItems)
  await buy(world, "ann", "a")
  await buy(world, "ben", "b")
  expect(world.admission.turnAway({ user: "cleo", key: "k" })).toEqual({ refused: "SOLD_OUT" })
})

test("an attempt is counted once, turned away or let in", async () => {
  using world = new World()
  for (let attempt = 0; attempt < 5; attempt++) {
    const answer = world.admission.turnAway({ user: "ann", key: "k" })
    expect(answer).toBeNull()
    await world.admission.admit({ user: "ann", item: null, key: "k", token: "wrong" })
  }
  for (let attempt = 0; attempt < 5; attempt++)
    expect(world.admission.turnAway({ user: "ann", key: "k" })).toBeNull()
  expect(world.admission.turnAway({ user: "ann", key: "k" })).toMatchObject({ refused: "TOO_FAST" })
})

test("a full queue for some items keeps nobody from the others", async () => {
  const items = ["hot", "hotter", "calm"].map((id) => ({ id, title: id, stock: 2, price: 100 }))
  using world = new World({ items, factor: 1, reserve: 1 })
  const crowd = await Promise.all(
    ["hot", "hotter"].flatMap((item) =>
      Array.from({ length: 5 }, (_, at) => world.enter(`${item}-${at}`, { item })),
    ),
  )
  const refusals = crowd.flatMap((answer) => ("refused" in answer ? answer.refused : []))
  expect(refusals).toEqual(Array.from({ length: 4 }, () => "QUEUE_FULL" as const))
  expect(world.admission.turnAway({ user: "ann", key: "k" })).toBeNull()
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user, { item: "calm" })
  // Nobody could be let in, whatever they want: that is said before it is known.
  expect(world.admission.turnAway({ user: "dora", key: "k" })).toMatchObject({ refused: "QUEUE_FULL" })
  await world.work()
  expect(world.ticket(7).state).toBe("won")
})

test("those whose tickets are not written down yet count for their own item alone", async () => {
  const items = ["hot", "calm"].map((id) => ({ id, title: id, stock: 1, price: 100 }))
  using world = new World({ items, factor: 1, reserve: 0 })
  const wish = (user: string, item: string) =>
    world.admission.enter({ user, item, key: "k", token: world.admission.token(user) as string })
  const first = wish("ann", "hot")
  expect(await wish("ben", "hot")).toMatchObject({ refused: "QUEUE_FULL" })
  const other = wish("cleo", "calm")
  world.admission.flush(() => {})
  expect(await first).toMatchObject({ ticket: { number: 1 } })
  expect(await other).toMatchObject({ ticket: { number: 2 } })
})
