import { expect, test } from "bun:test"
import type { Ticket } from "../book/memory/memory.ts"
import type { TicketRecord } from "../model/wire/api.ts"
import { World } from "../test/world.ts"
import type { LabaPublisher } from "./laba/laba-publisher.ts"
import { ResultSender } from "./result-sender.ts"
import { ListeningUsers } from "./listening-users.ts"

interface Flight {
  readonly record: TicketRecord
  readonly arrive: () => void
  readonly fail: () => void
}

/** A Laba that takes as long as a test likes. */
function slowLaba(): { loudspeaker: LabaPublisher; flights: Flight[] } {
  const flights: Flight[] = []
  const loudspeaker: LabaPublisher = {
    url: "http://laba",
    publish(_channel, json) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      flights.push({
        record: JSON.parse(json) as TicketRecord,
        arrive: resolve,
        fail: () => reject(new Error("away")),
      })
      return promise
    },
    holds: async () => true,
    close: async () => {},
  }
  return { loudspeaker, flights }
}

/** Lets the world hear all that it hears by itself, and makes as if nobody had heard of these. */
async function turns(world: World, tickets: readonly Ticket[]): Promise<void> {
  while (tickets.some(({ told, version }) => told < version)) await turn()
  for (let more = 0; more < 10; more++) await turn()
  for (const { number } of tickets) world.ticket(number).told = 0
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function setOut() {
  const world = new World()
  const ticket = await world.admitted("ann")
  const { loudspeaker, flights } = slowLaba()
  const tellings = new ResultSender({ ledger: world.ledger, loudspeaker, log: () => {}, retryMs: 0 })
  return { world, ticket, flights, tellings }
}

test("a newer version waits until the older one has arrived, so that the two cannot change places", async () => {
  const { world, ticket, flights, tellings } = await setOut()
  using _ = world
  tellings.tell(world.sale, ticket)
  await turn()
  expect(flights.map(({ record }) => record.state)).toEqual(["queued"])
  world.sale.step()
  tellings.tell(world.sale, world.ticket(1))
  await turn()
  await turn()
  expect(flights).toHaveLength(1)
  flights[0]?.arrive()
  await turn()
  await turn()
  expect(flights.map(({ record }) => record.state)).toEqual(["queued", "won"])
})

test("several changes before the word is out are one word", async () => {
  const { world, ticket, flights, tellings } = await setOut()
  using _ = world
  for (let time = 0; time < 5; time++) tellings.tell(world.sale, ticket)
  await turn()
  expect(flights).toHaveLength(1)
})

test("an outbox row is sent when all of its tickets were told, and what failed is told again", async () => {
  const { world, ticket, flights, tellings } = await setOut()
  using _ = world
  world.sale.step()
  const unsent = () =>
    (world.database.query("SELECT count(*) AS n FROM outbox WHERE sent = 0").get() as { n: number }).n
  await turns(world, [ticket])
  tellings.add(world.sale, { outbox: 1, tickets: [ticket], decided: [], soldOutChanged: false })
  await turn()
  flights[0]?.fail()
  while (flights.length < 2) await turn()
  tellings.noteSent()
  expect(unsent()).toBe(1)
  flights[1]?.arrive()
  await turn()
  tellings.noteSent()
  expect(unsent()).toBe(0)
})

test("the last word on a channel is about the ticket that matters, whatever becomes of an older one", async () => {
  const { world, ticket, flights, tellings } = await setOut()
  using _ = world
  world.sale.leave(ticket)
  await world.admitted("ann", { key: "again" })
  tellings.tell(world.sale, world.ticket(2))
  tellings.tell(world.sale, world.ticket(1))
  await turn()
  // The older one is slow, and arrives last.
  flights[0]?.arrive()
  await turn()
  flights[1]?.arrive()
  await turn()
  flights[2]?.arrive()
  await turn()
  expect(flights.map(({ record }) => record.number)).toEqual([2, 1, 2])
  expect(tellings.backlog).toBe(0)
})

test("a Laba that has forgotten all is told of what matters, once for each who holds a ticket", async () => {
  const { world, ticket, flights, tellings } = await setOut()
  using _ = world
  world.sale.leave(ticket)
  await world.admitted("ann", { key: "again" })
  await world.admitted("ben")
  tellings.tellAll(world.sale)
  await turn()
  expect(flights.map(({ record }) => record.number)).toEqual([2, 3])
})

test("who listens is told before those who do not, and of these who can act on it", async () => {
  const world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }], factor: 10 })
  using _ = world
  for (const user of ["ann", "ben", "cid", "dan"]) await world.admitted(user)
  world.sale.step()
  const tickets = [1, 2, 3, 4].map((number) => world.ticket(number))
  // Two have won, one waits for what comes back, one has left.
  world.sale.leave(world.ticket(4))
  await turns(world, tickets)
  const { loudspeaker, flights } = slowLaba()
  const watchers = new ListeningUsers()
  watchers.note(world.sale, "cid", true)
  const tellings = new ResultSender({ ledger: world.ledger, loudspeaker, log: () => {}, watchers })
  tellings.add(world.sale, { outbox: 1, tickets, decided: [], soldOutChanged: false })
  await turn()
  await turn()
  expect(flights.map(({ record }) => record.number)).toEqual([3, 1, 2, 4])
})

test("who has looked while their result was on its way is not told twice, and the outbox row is sent all the same", async () => {
  const { world, ticket, flights, tellings } = await setOut()
  using _ = world
  world.sale.step()
  await turns(world, [ticket])
  tellings.add(world.sale, { outbox: 1, tickets: [world.ticket(1)], decided: [], soldOutChanged: false })
  const looked = tellings.tellNow(world.sale, world.ticket(1))
  flights[0]?.arrive()
  await looked
  await turn()
  await turn()
  tellings.noteSent()
  expect(flights).toHaveLength(1)
  expect(world.database.query("SELECT id FROM outbox WHERE sent = 0").all()).toEqual([])
})
