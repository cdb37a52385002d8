// Deadlines when the start moves: a ticket that is due ends, whatever stands in front of it.
import { expect, test } from "bun:test"
import { type SaleGiven, startsAt, World } from "../../test/world.ts"

const early: SaleGiven = {
  mode: "shuffle",
  lobbyAt: startsAt - 6000_000,
  items: [{ id: "i", title: "A thing", stock: 1, price: 100 }],
  ticketSeconds: 60,
}

test("who came after a start that was moved forward ends in time, and does not wait for who stood at the door", async () => {
  using world = new World(early, 5000)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  world.sale.openNow()
  await world.work()
  const waiting = [...world.sale.book.tickets].find((ticket) => ticket.state === "waitlisted")
  const late = await world.admitted("late")
  await world.work()
  expect(late.deadline).toBeLessThan(waiting?.deadline ?? 0)
  world.pass(61)
  await world.work()
  expect(world.ticket(late.number).state).toBe("expired")
  // The deadline that was said stays so.
  expect(world.ticket(waiting?.number ?? 0).state).toBe("waitlisted")
  expect(world.findings()).toEqual([])
})

test("a process that starts after it keeps the deadlines too", async () => {
  using world = new World(early, 5000)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  world.sale.openNow()
  const late = await world.admitted("late")
  await world.work()
  world.revive()
  world.pass(130)
  await world.work()
  expect(["expired", "won"]).toContain(world.ticket(late.number).state)
  expect(world.findings()).toEqual([])
  world.pass(6000)
  await world.work()
  expect(world.sale.book.deadlines.overdue(world.sale.book.tickets, world.now, 10)).toEqual([])
})
