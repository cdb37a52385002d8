import { expect, test } from "bun:test"
import { World } from "../test/world.ts"
import { ResultQueue } from "./result-queue.ts"

async function setOut(isHeard: (user: string) => boolean = () => false) {
  const world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }], factor: 10 })
  for (const user of ["ann", "ben", "cid"]) await world.admitted(user)
  const queue = new ResultQueue<string>((_, user) => isHeard(user))
  return { world, queue, tickets: [1, 2, 3].map((number) => world.ticket(number)) }
}

const takenFrom = (queue: ResultQueue<string>): [number, ...string[]][] => {
  const taken: [number, ...string[]][] = []
  for (let due = queue.take("heard") ?? queue.take("unheard"); due;) {
    taken.push([due.number, ...due.receipts])
    due = queue.take("heard") ?? queue.take("unheard")
  }
  return taken
}

test("gives back what was added, row after row, and counts what is left", async () => {
  const { world, queue, tickets } = await setOut()
  using _ = world
  queue.add(world.sale, tickets.slice(0, 2), { receipts: ["a"] })
  queue.add(world.sale, tickets.slice(2), { always: true })
  expect(queue.size).toBe(3)
  expect(queue.take("unheard")).toMatchObject({ number: 1, receipts: ["a"], always: false, isHeard: false })
  expect(queue.size).toBe(2)
  expect(takenFrom(queue)).toEqual([[2, "a"], [3]])
  expect(queue.size).toBe(0)
})

test("who has lost comes after who can act, also when they were there before", async () => {
  const { world, queue, tickets } = await setOut()
  using _ = world
  const [first, second, third] = tickets
  if (!first || !second || !third) throw new Error("There are three.")
  first.state = "sold_out"
  queue.add(world.sale, [first, second], { receipts: ["a"] })
  queue.add(world.sale, [third], { receipts: ["b"] })
  expect(takenFrom(queue)).toEqual([
    [2, "a"],
    [3, "b"],
    [1, "a"],
  ])
})

test("what somebody listens for comes before everything that nobody does", async () => {
  const { world, queue, tickets } = await setOut((user) => user === "cid")
  using _ = world
  const [, , third] = tickets
  if (third) third.state = "sold_out"
  queue.add(world.sale, tickets)
  expect(queue.take("heard")).toMatchObject({ number: 3, isHeard: true })
  expect(queue.take("heard")).toBeNull()
  expect(takenFrom(queue)).toEqual([[1], [2]])
})
