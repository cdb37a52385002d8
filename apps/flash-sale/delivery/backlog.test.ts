import { expect, test } from "bun:test"
import { World } from "../test/world.ts"
import { Backlog } from "./backlog.ts"

async function setOut() {
  const world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }], factor: 10 })
  for (const user of ["ann", "ben", "cid"]) await world.admitted(user)
  return { world, tickets: [1, 2, 3].map((number) => world.ticket(number)) }
}

const takenFrom = (backlog: Backlog<string>): [number, string | null][] => {
  const taken: [number, string | null][] = []
  for (let due = backlog.take(); due; due = backlog.take()) taken.push([due.number, due.letter])
  return taken
}

test("gives back what was added, row after row, and counts what is left", async () => {
  const { world, tickets } = await setOut()
  using _ = world
  const backlog = new Backlog<string>()
  backlog.add(world.sale, tickets.slice(0, 2), "a")
  backlog.add(world.sale, tickets.slice(2), null)
  expect(backlog.size).toBe(3)
  expect(backlog.take()).toMatchObject({ number: 1, letter: "a" })
  expect(backlog.size).toBe(2)
  expect(takenFrom(backlog)).toEqual([
    [2, "a"],
    [3, null],
  ])
  expect(backlog.size).toBe(0)
})

test("who has lost comes after who can act, also when they were there before", async () => {
  const { world, tickets } = await setOut()
  using _ = world
  const [first, second, third] = tickets
  if (!first || !second || !third) throw new Error("There are three.")
  const backlog = new Backlog<string>()
  first.state = "sold_out"
  backlog.add(world.sale, [first, second], "a")
  backlog.add(world.sale, [third], "b")
  expect(takenFrom(backlog)).toEqual([
    [2, "a"],
    [3, "b"],
    [1, "a"],
  ])
})

test("forgets a sale, and counts the others' tickets still", async () => {
  const { world, tickets } = await setOut()
  using _ = world
  const other = await setOut()
  using __ = other.world
  const backlog = new Backlog<string>()
  backlog.add(world.sale, tickets, "a")
  backlog.add(other.world.sale, other.tickets, "b")
  backlog.take()
  backlog.forget(world.sale)
  expect(backlog.size).toBe(3)
  expect(takenFrom(backlog).map(([, letter]) => letter)).toEqual(["b", "b", "b"])
})
