// What somebody who waits is told of how long, when the pace falls, when the sale stands still, and on a wait-list.
import { expect, test } from "bun:test"
import { ticketView } from "../http/views/ticket-view.ts"
import { diskFull, startsAt, World } from "../test/world.ts"

const many = { items: [{ id: "i", title: "A thing", stock: 1000, price: 100 }] }
const view = (world: World, number: number) => ticketView(world.sale, world.ticket(number), "http://laba")

async function crowd(world: World, size: number, name = "u"): Promise<void> {
  const names = Array.from({ length: size }, (_, at) => `${name}${at}`)
  for (const user of names)
    void world.admission.enter({
      user,
      item: null,
      key: "k",
      token: world.admission.token(user) as string | null,
    })
  world.admission.flush((error) => {
    throw error
  })
}

/** Lets the pace be measured, a step a second. */
async function run(world: World, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await world.work()
    world.pass(1)
  }
}

test("a time to wait that does not hold any more says so, and does not climb", async () => {
  using world = new World({ ...many, inflowPerSecond: 50 })
  await crowd(world, 800)
  await run(world, 4)
  const last = await world.admitted("last")
  const before = view(world, last.number)
  expect(before.late).toBe(false)
  expect(before.etaSeconds).toBeLessThan(20)
  world.sale.setInflow(1)
  const { etaSeconds, position, late } = view(world, last.number)
  expect(position).toBeGreaterThan(500)
  expect([etaSeconds, late]).toEqual([before.etaSeconds, true])
  await run(world, 30)
  expect(view(world, last.number)).toMatchObject({ etaSeconds: 0, late: true })
  // What was answered at the door is answered again as it was.
  expect((await world.admitted("last")).eta).toBe(last.eta)
}, 60_000)

test("while it is paused nobody knows how long, and what ran out meanwhile is late", async () => {
  using world = new World({ ...many, inflowPerSecond: 50 })
  await crowd(world, 800)
  await run(world, 4)
  const { number, eta } = await world.admitted("last")
  world.sale.setPhase("paused")
  const position = number - world.sale.book.served
  expect(view(world, number)).toMatchObject({ position, etaSeconds: null, late: false })
  const during = await world.admitted("during")
  expect([during.place, during.eta]).toEqual([position + 1, null])
  world.pass(600)
  expect(view(world, number)).toMatchObject({ etaSeconds: null, late: true })
  world.sale.setPhase("open")
  expect(view(world, number)).toMatchObject({ etaSeconds: 0, late: true })
  // Nothing was promised to who came during the pause.
  expect(view(world, during.number)).toMatchObject({ late: false, etaSeconds: expect.any(Number) })
  world.revive()
  expect(view(world, number)).toMatchObject({ etaSeconds: 0, late: true })
  expect(eta).toBeGreaterThan(0)
}, 60_000)

test("on a wait-list there is a place, and no time that anybody could know", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] })
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  await world.work()
  expect(view(world, 3)).toMatchObject({ state: "waitlisted", position: 2, etaSeconds: null, late: false })
  expect(view(world, 1)).toMatchObject({ state: "won", position: null, etaSeconds: null, late: false })
})

test("after the draw the drawn order gives place and time", async () => {
  const drawn = { ...many, mode: "shuffle", lobbyAt: startsAt - 60_000, inflowPerSecond: 10 } as const
  using world = new World(drawn, 30)
  await crowd(world, 200)
  expect(view(world, 1)).toMatchObject({ position: null, entrants: 200, etaSeconds: null })
  world.now = startsAt
  await run(world, 4)
  const { book } = world.sale
  const last = book.turns?.numberAt(200) ?? 0
  const { position, entrants, etaSeconds } = view(world, last)
  expect(position).toBe(book.queued)
  expect(entrants).toBeNull()
  expect(etaSeconds).toBe(Math.ceil(book.queued / (world.sale.pace.perSecond ?? 0)))
})

test("a time to wait does not climb because the books were read again", async () => {
  using world = new World({ ...many, inflowPerSecond: 10 })
  await crowd(world, 800)
  await run(world, 4)
  const { number } = await world.admitted("last")
  world.sale.setInflow(100)
  await run(world, 3)
  const before = view(world, number).etaSeconds as number
  world.sale.setInflow(10)
  world.onStep = (step) => {
    if (step === "leave: commit") throw diskFull()
  }
  expect(() => world.sale.leave(world.ticket(number - 1))).toThrow()
  expect(world.sale.replays).toBe(1)
  expect(view(world, number)).toMatchObject({ etaSeconds: before, late: true })
})
