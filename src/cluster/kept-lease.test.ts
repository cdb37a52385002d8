import { expect, test } from "bun:test"
import { createFakeClock, turn } from "../../test/support/fake-clock.ts"
import { KeptLease } from "./kept-lease.ts"
import type { Leases } from "./leases.ts"

/** One lease that several ask for, as a cluster keeps it. Away: whoever asks gets an error. */
function stage() {
  const fake = createFakeClock()
  const clock = { monotonic: fake.now, after: fake.after }
  let owner: { who: string; untilMs: number } | null = null
  const state = { away: false }
  const events: string[] = []
  const leasesOf = (who: string): Leases => ({
    acquire(_name, holdMs) {
      if (state.away) throw new Error("away")
      if (owner && owner.who !== who && owner.untilMs > fake.now()) return "held"
      owner = { who, untilMs: fake.now() + holdMs }
      return "ours"
    },
    markDone() {},
    release() {
      if (owner?.who === who) owner = null
    },
  })
  const keep = (who: string): KeptLease =>
    new KeptLease({
      leases: leasesOf(who),
      name: "orders",
      holdMs: 30_000,
      clock,
      onGained: () => events.push(`${who} gained`),
      onLost: () => events.push(`${who} lost`),
      onTrouble: () => events.push(`${who} in trouble`),
    })
  return { fake, state, events, keep }
}

test("is one node's for as long as that node renews it", async () => {
  const { fake, events, keep } = stage()
  const [a, b] = [keep("a"), keep("b")]
  await fake.pass(300_000)
  expect(events).toEqual(["a gained"])
  expect([a.isOurs, b.isOurs]).toEqual([true, false])
})

test("goes to another node soon after it was given up", async () => {
  const { fake, events, keep } = stage()
  const a = keep("a")
  keep("b")
  await turn()
  await a.stop()
  await fake.pass(10_000)
  expect(events).toEqual(["a gained", "b gained"])
})

test("ends here before it ends where it is kept, and is never two nodes' at once", async () => {
  const { fake, state, events, keep } = stage()
  keep("a")
  await turn()
  state.away = true
  await fake.pass(20_000)
  expect(events).toEqual(["a gained", "a in trouble", "a lost"])
  const b = keep("b")
  state.away = false
  await fake.pass(9_000)
  expect(b.isOurs).toBe(false)
})

test("is taken again when who keeps it is back", async () => {
  const { fake, state, events, keep } = stage()
  const a = keep("a")
  await turn()
  state.away = true
  await fake.pass(60_000)
  state.away = false
  await fake.pass(10_000)
  expect(events).toEqual(["a gained", "a in trouble", "a lost", "a gained"])
  expect(a.isOurs).toBe(true)
})

test("tells a process that slept that it has lost it, before it is renewed", async () => {
  const { fake, events, keep } = stage()
  keep("a")
  await turn()
  fake.sleep(60_000)
  await fake.pass(0)
  expect(events.slice(0, 2)).toEqual(["a gained", "a lost"])
})

test("calls nobody once it was stopped", async () => {
  const { fake, events, keep } = stage()
  const a = keep("a")
  const stopping = a.stop()
  await stopping
  await fake.pass(100_000)
  expect(events).toEqual([])
})
