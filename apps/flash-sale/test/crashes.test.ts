// A sale that dies between any two steps of intake, decision, payment, expiry and delivery, again and again: after every
// step the seven invariants hold, and in the end everybody has one result and every cent an owner.
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Ticket } from "../book/memory/memory.ts"
import { isOfTheDisk } from "../ledger/trouble.ts"
import type { TicketState } from "../model/ticket.ts"
import { startsAt, World } from "./world.ts"

type Step =
  | { readonly do: "enter"; readonly user: number; readonly key: number; readonly item: number }
  | { readonly do: "crowd"; readonly user: number }
  | { readonly do: "click-and-callback"; readonly user: number; readonly which: number }
  | { readonly do: "leave" | "cancel" | "take-back" | "open-trade" | "pay" | "buy"; readonly user: number }
  | { readonly do: "callback"; readonly which: number; readonly keeps: boolean }
  | { readonly do: "pass" | "reschedule"; readonly seconds: number }
  | { readonly do: "inflow"; readonly perSecond: number | null }
  | { readonly do: "crash"; readonly steps: number }
  | { readonly do: "work" | "pause" | "unpause" | "open" | "close" | "laba" | "provider" | "disk" }

const user = fc.nat({ max: 7 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crowd" as const), user }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("click-and-callback" as const), user, which: fc.nat({ max: 9 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("enter" as const),
      user,
      key: fc.nat({ max: 2 }),
      item: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "leave" as const,
        "cancel" as const,
        "take-back" as const,
        "open-trade" as const,
        "open-trade" as const,
        "pay" as const,
        "buy" as const,
        "buy" as const,
        "buy" as const,
      ),
      user,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("callback" as const),
      which: fc.nat({ max: 9 }),
      keeps: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      seconds: fc.constantFrom(1, 5, 21, 61, 700),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("reschedule" as const),
      seconds: fc.constantFrom(-600, 60, 4000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("inflow" as const), perSecond: fc.constantFrom(null, 0.2, 3) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("open" as const, "close" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("crash" as const), steps: fc.nat({ max: 35 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "work" as const,
        "work" as const,
        "work" as const,
        "work" as const,
        "pause" as const,
        "unpause" as const,
        "laba" as const,
        "provider" as const,
        "disk" as const,
      ),
    }),
  },
)

const mode = fc.constantFrom("first-come" as const, "shuffle" as const, "lottery" as const)

test("keeps every promise, wherever it dies", async () => {
  let crashes = 0
  const ends = new Set<TicketState>()
  await fc.assert(
    fc.asyncProperty(
      mode,
      fc.constantFrom(null, 0.5),
      // How long before the start the story begins.
      fc.constantFrom(0, 0, 30, 5000),
      fc.array(step, { minLength: 5, maxLength: 60, size: "max" }),
      async (order, inflowPerSecond, early, steps) => {
        const given = {
          mode: order,
          lobbyAt: startsAt - 6_000_000,
          drawAt: startsAt + (order === "lottery" ? 5000 : 0),
          items: [
            { id: "a", title: "A", stock: 2, price: 100 },
            { id: "b", title: "B", stock: 1, price: 700 },
          ],
          inflowPerSecond,
          factor: 1.5,
          reserve: 2,
          payBySeconds: 60,
          offerSeconds: 20,
          ticketSeconds: 600,
        }
        using world = new World(given, early)
        const promised = new Map<number, string>()
        for (const each of steps) {
          const { phase } = world.sale.book
          const before = winners(world)
          await take(world, each, promised)
          if (world.isDead) world.revive()
          // Deadlines are kept by a process that runs: time passes for one that died and came back, not for none.
          if (each.do === "pass") {
            // Nor can they be kept on a disk that stays full.
            world.diskIsFull = false
            await live(world)
          }
          expect(world.findings()).toEqual([])
          positionsAreTrue(world)
          if (phase === "closed" || (phase === "paused" && each.do !== "unpause"))
            expect(winners(world)).toEqual(before)
        }
        await finish(world)
        expect(world.findings()).toEqual([])
        everybodyKnows(world, promised)
        crashes += world.crashes
        for (const ticket of world.sale.book.tickets) ends.add(ticket.state)
      },
    ),
    {
      numRuns: Number(process.env["FLASH_SALE_RUNS"] ?? 400),
      // A slow machine plays fewer stories, and says what it found in them.
      interruptAfterTimeLimit: 40_000,
    },
  )
  // Stories that never crashed, or in which nobody won or nobody lost, would have shown nothing.
  expect(crashes).toBeGreaterThan(20)
  expect(ends).toContain("won")
  expect((["sold_out", "left", "expired"] as const).filter((end) => ends.has(end)).length).toBeGreaterThan(1)
}, 90_000)

/** Each position is what walking along the queue, or along the wait-list, would count. */
function positionsAreTrue({ sale: { book } }: World): void {
  const walk = (line: readonly Ticket[]): void => {
    for (const [at, ticket] of line.entries()) expect(book.positionOf(ticket)).toBe(at + 1)
  }
  const byTurn = [...book.tickets].toSorted((a, b) => (book.turnOf(a) ?? 0) - (book.turnOf(b) ?? 0))
  if (book.turns !== null) walk(byTurn.filter(({ state }) => state === "queued"))
  for (const { waitList } of book.items) walk([...waitList])
}

const winners = (world: World): number[] =>
  [...world.sale.book.tickets].filter(({ state }) => state === "won").map(({ number }) => number)

/** One step of a story. What dies in the middle of it is caught here, as nobody outlives a process. */
async function take(world: World, each: Step, promised: Map<number, string>): Promise<void> {
  const { sale } = world
  const ticket = "user" in each ? sale.book.byUser.get(`u${each.user}`) : undefined
  try {
    switch (each.do) {
      case "enter": {
        const name = `u${each.user}`
        const answer = await world.enter(name, { key: `k${each.key}`, item: each.item === 0 ? "a" : "b" })
        if ("ticket" in answer) promised.set(answer.ticket.number, name)
        return
      }
      case "crowd": {
        // Three in one batch, which are decided one by one where the pace is slow.
        const names = [0, 1, 2].map((more) => `u${(each.user + more) % 8}`)
        const answers = names.map((name) => {
          const token = world.admission.token(name)
          return world.admission.enter({
            user: name,
            item: "a",
            key: "k0",
            token: typeof token === "string" ? token : null,
          })
        })
        world.admission.flush((error) => world.logged.push(String(error)))
        for (const [at, answer] of (await Promise.all(answers)).entries())
          if ("ticket" in answer) promised.set(answer.ticket.number, names[at] as string)
        return
      }
      case "click-and-callback": {
        // A payment is told of while a click waits for its batch.
        const name = `u${each.user}`
        const token = world.admission.token(name)
        const wish = { user: name, item: "a", key: "k3", token: typeof token === "string" ? token : null }
        const answer = world.admission.enter(wish)
        const { callbacks } = world.provider
        try {
          for (const callback of callbacks.splice(each.which % Math.max(1, callbacks.length), 1))
            world.cashier.receive(new Headers(), JSON.stringify(callback))
        } finally {
          world.admission.flush((error) => world.logged.push(String(error)))
        }
        const entered = await answer
        if ("ticket" in entered) promised.set(entered.ticket.number, name)
        return
      }
      case "leave":
        return void (ticket && sale.leave(ticket))
      case "cancel":
        return void (ticket && (await world.cashier.cancel(sale, ticket.number)))
      case "take-back":
        return void (ticket && sale.takeBack(ticket.number))
      case "open-trade":
        return void (ticket && (await world.cashier.open(sale, ticket.number)))
      case "pay":
        return void (ticket && world.provider.pay(`s.${ticket.number}`))
      case "buy": {
        if (!ticket) return
        await world.work()
        await world.cashier.open(sale, ticket.number)
        world.provider.pay(`s.${ticket.number}`)
        const callback = world.provider.callbacks.at(-1)
        if (callback) world.cashier.receive(new Headers(), JSON.stringify(callback))
        return
      }
      case "callback": {
        const { callbacks } = world.provider
        const [callback] = callbacks.slice(each.which % Math.max(1, callbacks.length))
        if (!callback) return
        world.cashier.receive(new Headers(), JSON.stringify(callback))
        if (!each.keeps) callbacks.splice(callbacks.indexOf(callback), 1)
        return
      }
      case "pass":
        return world.pass(each.seconds)
      case "crash":
        return world.dieAfter(each.steps)
      case "work":
        return await world.work()
      case "pause":
        return sale.book.phase === "open" ? sale.setPhase("paused") : undefined
      case "unpause":
        return sale.book.phase === "paused" ? sale.setPhase("open") : undefined
      case "open":
        return sale.book.phase === "scheduled" ? sale.openNow() : undefined
      case "close":
        return sale.setPhase("closed")
      case "reschedule":
        return void sale.reschedule(startsAt + each.seconds * 1000)
      case "inflow":
        return sale.setInflow(each.perSecond)
      case "laba":
        world.labaFails = !world.labaFails
        return
      case "disk":
        world.diskIsFull = !world.diskIsFull
        return
      case "provider":
        world.provider.isAway = !world.provider.isAway
        return
    }
  } catch (error) {
    if (!world.isDead && !isOfTheDisk(error)) throw error
  }
}

/** Works until it is done, through a crash that was still to come. */
async function live(world: World): Promise<void> {
  await world.work()
  if (!world.isDead) return
  world.revive()
  await world.work()
}

/** Everybody comes back, and time passes until nothing is open. */
async function finish(world: World): Promise<void> {
  world.labaFails = false
  world.diskIsFull = false
  world.provider.isAway = false
  world.revive()
  if (world.sale.book.phase === "paused") world.sale.setPhase("open")
  if (world.sale.book.phase === "scheduled") world.sale.openNow()
  for (let round = 0; round < 60; round++) {
    world.pass(120)
    await world.work()
  }
}

function everybodyKnows(world: World, promised: ReadonlyMap<number, string>): void {
  const { tickets } = world.sale.book
  for (const [number, name] of promised) expect(tickets.get(number)?.user).toBe(name)
  for (const ticket of tickets) {
    expect(["won", "sold_out", "expired", "left", "rejected"]).toContain(ticket.state)
    const shown = world.seen.get(`/@${ticket.user}/sales/s#${ticket.number}`)
    expect(shown).toMatchObject({ state: ticket.state, version: ticket.version })
    expect(shown?.order?.state).toBe(ticket.order?.state)
    expect(["pending", "refund_due"]).not.toContain(ticket.order?.state ?? "none")
    const trade = world.provider.trades.get(`s.${ticket.number}`)
    // Whose money the provider has, the order is paid; nobody has paid for nothing.
    expect(trade?.state === "paid").toBe(ticket.order?.state === "paid")
  }
  const open = (sql: string) => world.database.query(sql).get() as { n: number }
  expect(open("SELECT count(*) AS n FROM outbox WHERE sent = 0").n).toBe(0)
  expect(open("SELECT count(*) AS n FROM intake").n).toBe(0)
  expect(open("SELECT count(*) AS n FROM errands WHERE done_at IS NULL").n).toBe(0)
}
