// Checks that may not read everything: everybody's turn comes, and who can still act does not wait for those who cannot.
import { expect, test } from "bun:test"
import { World } from "../test/world.ts"
import { nextRound } from "./walk.ts"

/** Of 40 buyers 10 left, 3 won, 1 of them paid; then 5 more came, who are in the intake log only. */
async function busySale(): Promise<World> {
  const world = new World({ inflowPerSecond: 3 })
  for (let at = 1; at <= 40; at++) await world.admitted(`u${at}`)
  for (let number = 31; number <= 40; number++) world.sale.leave(world.ticket(number))
  await world.work()
  world.pass(1)
  await world.work()
  await world.pays(1)
  for (let at = 41; at <= 45; at++) await world.admitted(`u${at}`)
  return world
}

const numberOf = (user: string): number => Number(user.slice(1))

function walk(world: World, checks: number, max: number): number[][] {
  let next: string | null = null
  return Array.from({ length: checks }, () => {
    const round = nextRound(world.database, max, next)
    next = round.next
    return round.holders.map(({ user }) => numberOf(user))
  })
}

test("without a limit a check reads everybody once", async () => {
  using world = await busySale()
  const [all = []] = walk(world, 1, Infinity)
  expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, at) => at + 1))
})

test("checks with a limit go on where the last one ended, and come round", async () => {
  using world = await busySale()
  const acting = [...world.sale.book.tickets].filter(
    ({ state, order }) => state === "queued" || state === "waitlisted" || order?.state === "pending",
  )
  const others = 45 - acting.length
  expect(acting.length).toBeGreaterThan(20)
  expect(others).toBeGreaterThan(8)
  const rounds = walk(world, 12, 10)
  for (const round of rounds) expect(round).toHaveLength(10)
  // Eight in ten are for those who can act; the others come round too, two at a time.
  const soon = new Set(rounds.slice(0, Math.ceil(acting.length / 8)).flat())
  for (const { number } of acting) expect(soon).toContain(number)
  const later = new Set(rounds.slice(0, Math.ceil(others / 2)).flat())
  expect(later.size).toBe(45)
})

test("a check that could read more than there are of one kind reads more of the other", async () => {
  using world = await busySale()
  const [first = [], second = []] = walk(world, 2, 44)
  expect(first).toHaveLength(44)
  expect(new Set([...first, ...second]).size).toBe(45)
})

test("who has a row of their own and one in the intake log is met once", async () => {
  using world = new World({ inflowPerSecond: 1 })
  for (const user of ["u1", "u2", "u3"])
    void world.desk.enter({ user, item: null, key: user, token: world.desk.token(user) as string })
  world.desk.flush(() => {})
  world.sale.leave(world.ticket(2))
  expect(walk(world, 1, 10)).toEqual([[1, 3, 2]])
})

test("what is no place to go on from is refused", () => {
  using world = new World()
  expect(() => nextRound(world.database, 10, "somewhere")).toThrow("is not where a check has ended")
})
