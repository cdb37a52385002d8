// The table of holders and the list of tickets against what they stand for: a `Map` and an array.
import { expect, test } from "bun:test"
import fc from "fast-check"
import { TicketsByUser } from "./tickets-by-user.ts"
import type { Ticket } from "./memory.ts"
import { ticketFrom } from "../replay.ts"
import { Tickets } from "./tickets.ts"

const ticketOf = (user: string, number: number): Ticket =>
  ticketFrom(number, [user, 0, "k", 0, 0, null, null], { id: 1, left: 1 })

function taken(users: readonly string[]) {
  const tickets = new Tickets()
  const holders = new TicketsByUser(tickets)
  const newest = new Map<string, Ticket>()
  const all: Ticket[] = []
  for (const user of users) {
    const ticket = ticketOf(user, tickets.length + 1)
    tickets.push(ticket)
    holders.note(ticket)
    newest.set(user, ticket)
    all.push(ticket)
  }
  return { tickets, holders, newest, all }
}

test("whoever comes, and however often, their newest ticket is found, and nobody else's", () => {
  const name = fc.oneof(fc.string(), fc.constantFrom("ann", "ben", "ünï", "\u{1f4e3}"))
  fc.assert(
    fc.property(fc.array(name, { maxLength: 300 }), fc.array(fc.string()), (users, strangers) => {
      const { tickets, holders, newest, all } = taken(users)
      for (const [user, ticket] of newest) expect(holders.get(user)).toBe(ticket)
      for (const user of strangers) expect(holders.get(user)).toBe(newest.get(user))
      expect([...tickets]).toEqual(all)
    }),
  )
})

test("a hundred thousand of them are all found", () => {
  const users = Array.from({ length: 100_000 }, (_, at) => `user-${at}`)
  const { tickets, holders, all } = taken(users)
  for (const ticket of all) if (holders.get(ticket.user) !== ticket) expect.unreachable(ticket.user)
  expect(holders.has("user-100000")).toBe(false)
  expect(holders.has("")).toBe(false)
  expect(tickets.last).toBe(all.at(-1))
})

test("tickets are found by number, at the edges of pieces too", () => {
  const { tickets, all } = taken(Array.from({ length: 3000 }, (_, at) => `u${at}`))
  for (const number of [1, 1024, 1025, 2048, 2049, 3000]) expect(tickets.get(number)).toBe(all[number - 1])
  for (const number of [0, -1, 3001, 4000, Number.NaN]) expect(tickets.get(number)).toBeUndefined()
  expect(tickets.between(1020, 1030)).toEqual(all.slice(1019, 1030))
  expect(tickets.between(2999, 5000)).toEqual(all.slice(2998))
  expect(new Tickets().last).toBeUndefined()
})
