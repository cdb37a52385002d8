// Defects of the way in that were read in the code of other flash sales: double clicks, lost answers, forged tokens, each
// as a test that ours does not have it.
import { expect, test } from "bun:test"
import type { Ticket } from "../book/memory/memory.ts"
import type { EntryAnswer } from "../admission/admission-queue.ts"
import { startsAt, World } from "./world.ts"

const one = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }
const states = (world: World) => [...world.sale.book.tickets].map((ticket) => ticket.state)
const refusalIn = (answer: EntryAnswer) => ("refused" in answer ? answer.refused : null)

test("an admitted buyer is on disk before being told so", async () => {
  // Dies at every step of the way in, and compares what was answered with what the next process finds.
  for (let steps = 0, isDead = true; isDead; steps++) {
    using world = new World()
    world.dieAfter(steps)
    const answer = await world.enter("ann")
    isDead = world.isDead
    world.revive()
    const onDisk = [...world.sale.book.tickets].map(({ user }) => user)
    if ("ticket" in answer) expect(onDisk).toEqual(["ann"])
    else expect(answer.refused).toBe("NOT_SAVED")
    if (!isDead) expect([steps, "ticket" in answer]).toEqual([4, true])
    // Whatever was answered: the same key has one ticket.
    expect((await world.admitted("ann")).number).toBe(1)
    expect(world.sale.book.tickets).toHaveLength(1)
  }
})

test("a buyer who could not be written down is told, and has no ticket", async () => {
  using world = new World()
  world.onStep = (step) => {
    if (step.startsWith("INSERT INTO intake")) throw new Error("database or disk is full")
  }
  expect(await world.enter("ann")).toMatchObject({ refused: "NOT_SAVED" })
  world.onStep = () => {}
  expect((await world.admitted("ann")).number).toBe(1)
})

test("a second click burns no second unit", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] })
  await world.admitted("ann")
  expect(await world.enter("ann", { key: "other" })).toEqual({ refused: "ALREADY_IN", number: 1 })
  await world.work()
  expect(await world.enter("ann", { key: "third" })).toEqual({ refused: "ALREADY_IN", number: 1 })
  await world.admitted("ben")
  await world.work()
  expect(states(world)).toEqual(["won", "won"])
})

test("two clicks in one batch are one ticket", async () => {
  using world = new World()
  const token = world.admission.token("ann") as string
  const first = world.admission.enter({ user: "ann", item: null, key: "a", token })
  const second = world.admission.enter({ user: "ann", item: null, key: "b", token })
  const again = world.admission.enter({ user: "ann", item: null, key: "a", token })
  world.admission.flush(() => {})
  expect(await first).toMatchObject({ ticket: { number: 1 } })
  expect(await second).toEqual({ refused: "ALREADY_IN", number: 1 })
  expect(await again).toMatchObject({ ticket: { number: 1 } })
  expect(world.sale.book.tickets).toHaveLength(1)
})

test("a full queue turns away who comes last, and drops nobody who is in", async () => {
  using world = new World({ ...one, factor: 1, reserve: 1 })
  await world.admitted("ann")
  await world.admitted("ben")
  expect(await world.enter("cleo")).toMatchObject({
    refused: "QUEUE_FULL",
    retryAfterSeconds: expect.any(Number),
  })
  await world.work()
  expect(states(world)).toEqual(["won", "waitlisted"])
})

test("a clock that goes back changes neither deadlines nor order", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.work()
  const payBy = world.sale.orderOf(1)?.payBy
  world.now -= 3_600_000
  await world.admitted("ben")
  world.revive()
  await world.work()
  expect(world.ticket(2).admittedAt).toBeGreaterThanOrEqual(world.ticket(1).admittedAt)
  expect(world.sale.orderOf(1)?.payBy).toBe(payBy)
  expect(states(world)).toEqual(["won", "waitlisted"])
})

test("a clock that jumps ahead ends what its time ends, and once it is right again nothing is undone or stuck", async () => {
  using world = new World(one)
  await world.admitted("ann")
  await world.admitted("ben")
  await world.work()
  world.now += 3_600_000
  await world.work()
  const stateOf = ({ state, order }: Ticket): unknown => [state, order?.state ?? null]
  const ended: unknown[] = [
    ["won", "expired"],
    ["expired", null],
  ]
  expect([...world.sale.book.tickets].map(stateOf)).toEqual(ended)
  world.now -= 3_600_000
  const cleo = await world.admitted("cleo")
  await world.work()
  expect([...world.sale.book.tickets].slice(0, 2).map(stateOf)).toEqual(ended)
  // By the sale's clock, which waits until the other has caught up: the whole time to pay is there.
  const order = world.sale.orderOf(cleo.number)
  expect(order?.state).toBe("pending")
  expect((order?.payBy ?? 0) - world.sale.now()).toBe(300_000)
  world.revive()
  await world.work()
  expect(stateOf(world.ticket(3))).toEqual(["won", "pending"])
  await world.pays(3)
  await world.pays(1)
  expect([...world.sale.book.tickets].map(stateOf).at(-1)).toEqual(["won", "paid"])
  expect(world.findings()).toEqual([])
})

test("after a clock that jumped ahead and back times to pay and offers last a little longer, and not an hour", async () => {
  using world = new World({ ...one, payBySeconds: 90, offerSeconds: 90 })
  for (const user of ["ann", "ben", "cleo"]) await world.admitted(user)
  world.now += 3_600_000
  world.sale.now()
  world.now -= 3_600_000
  await world.work()
  const afterSeconds = async (seconds: number): Promise<unknown[]> => {
    for (let second = 0; second < seconds; second++) {
      world.pass(1)
      await world.work()
    }
    return [...world.sale.book.tickets].map(({ state, order }) => order?.state ?? state)
  }
  // They had waited for half an hour when the clock jumped.
  expect(await afterSeconds(0)).toEqual(["expired", "expired", "expired"])
  for (const user of ["dora", "emil"]) await world.admitted(user)
  expect((await afterSeconds(1)).slice(3)).toEqual(["pending", "waitlisted"])
  expect((await afterSeconds(88)).slice(3)).toEqual(["pending", "waitlisted"])
  expect((await afterSeconds(14)).slice(3)).toEqual(["expired", "pending"])
  world.revive()
  expect((await afterSeconds(104)).slice(3)).toEqual(["expired", "expired"])
  expect(world.sale.aheadMs).toBeGreaterThan(3_500_000)
  world.pass(36_000)
  expect(world.sale.aheadMs).toBe(0)
})

test("leaving frees the place at once", async () => {
  using world = new World({ ...one, factor: 1, reserve: 1 })
  await world.admitted("ann")
  await world.admitted("ben")
  expect(refusalIn(await world.enter("cleo"))).toBe("QUEUE_FULL")
  world.sale.leave(world.ticket(2))
  expect(refusalIn(await world.enter("cleo", { key: "again" }))).toBeNull()
  expect(states(world)).toEqual(["queued", "left", "queued"])
})

test("the same key gets the same answer, before and after a restart", async () => {
  using world = new World(one)
  const first = await world.admitted("ann", { key: "k" })
  const { number, place, eta, admittedAt } = first
  await world.work()
  world.revive()
  const again = await world.admitted("ann", { key: "k" })
  expect(again).toMatchObject({ number, place, eta, admittedAt })
  expect(world.sale.book.tickets).toHaveLength(1)
})

test("nobody gets in with a forged, foreign, used, early or late token", async () => {
  using world = new World({ items: [{ id: "i", title: "A thing", stock: 50, price: 1 }] }, 1)
  const enter = (user: string, token: string | null, key = "k") =>
    world.admission.enter({ user, item: null, key, token })
  expect(world.admission.token("ann")).toMatchObject({ refused: "NOT_OPEN", retryAfterSeconds: 1 })
  expect(enter("ann", "whatever")).toMatchObject({ refused: "NOT_OPEN" })
  world.now = startsAt
  const token = world.admission.token("ann") as string
  expect(enter("ben", token)).toEqual({ refused: "BAD_TOKEN" })
  expect(enter("ann", null)).toEqual({ refused: "BAD_TOKEN" })
  expect(enter("ann", `${token.slice(0, -1)}!`)).toEqual({ refused: "BAD_TOKEN" })
  expect(enter("ann", `zzzzzzz.${token.split(".")[1]}`)).toEqual({ refused: "BAD_TOKEN" })
  const entered = enter("ann", token)
  world.admission.flush(() => {})
  expect(await entered).toMatchObject({ ticket: { number: 1 } })
  world.sale.leave(world.ticket(1))
  expect(enter("ann", token, "second")).toEqual({ refused: "BAD_TOKEN" })
  const other = world.admission.token("cleo") as string
  world.pass(121)
  expect(enter("cleo", other)).toEqual({ refused: "BAD_TOKEN" })
})

test("a script that hammers is slowed down, and only that one", async () => {
  using world = new World()
  const answers = Array.from({ length: 30 }, () => world.admission.token("bot"))
  expect(answers.filter((answer) => typeof answer !== "string").length).toBeGreaterThan(15)
  expect(answers.at(-1)).toMatchObject({ refused: "TOO_FAST" })
  expect(typeof world.admission.token("ann")).toBe("string")
})

test("those who came before the start are shuffled, and the order can be computed again", async () => {
  using world = new World({ mode: "shuffle", lobbyAt: startsAt - 60_000, inflowPerSecond: 1 }, 30)
  for (let user = 0; user < 40; user++) await world.enter(`u${user}`)
  expect(world.sale.book.turns).toBeNull()
  world.now = startsAt
  await world.work()
  const order = Array.from({ length: 40 }, (_, at) => world.sale.book.turns?.numberAt(at + 1))
  expect(order).not.toEqual(order.toSorted((a, b) => (a ?? 0) - (b ?? 0)))
  world.revive()
  expect(Array.from({ length: 40 }, (_, at) => world.sale.book.turns?.numberAt(at + 1))).toEqual(order)
  const late = await world.admitted("late")
  expect(world.sale.book.turnOf(late)).toBe(41)
})
