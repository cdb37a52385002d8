// What the audit of the channels finds, and what it lets pass because it is only on its way.
import { expect, test } from "bun:test"
import { recordOf } from "../delivery/record-of.ts"
import type { TicketRecord } from "../model/wire/api.ts"
import { World } from "../test/world.ts"
import { auditChannels, tellingMs } from "./channel-audit.ts"

const two = { items: [{ id: "i", title: "A thing", stock: 1, price: 100 }] }

/** A sale in which ann won and ben waits, and its channels as they should be. */
async function decided() {
  const world = new World(two)
  for (const user of ["ann", "ben"]) await world.admitted(user)
  await world.work()
  const channels = new Map<string, TicketRecord[]>()
  for (const ticket of world.sale.book.tickets) channels.set(ticket.user, [recordOf(world.sale.book, ticket)])
  const audit = (sale: string | null = null) =>
    auditChannels({
      database: world.database,
      now: world.now,
      read: async (user) => channels.get(user) ?? [],
      sale,
      patienceMs: 0,
    })
  const last = (user: string) => channels.get(user)?.at(-1) as TicketRecord
  return { world, channels, audit, last }
}

test("channels that show what the books say are right", async () => {
  const { world, audit } = await decided()
  using _ = world
  expect(await audit()).toMatchObject({ read: 2, of: 2, findings: [], behind: [] })
  expect(await audit("s")).toMatchObject({ read: 2, of: 2, findings: [] })
  expect(await audit("another")).toMatchObject({ read: 0, of: 2, findings: [] })
})

const contradictions: Record<string, (record: TicketRecord) => TicketRecord> = {
  "a state that the books never said": (record) => ({ ...record, state: "sold_out" }),
  "an order that the books do not know": (record) => ({
    ...record,
    order: { id: "s.2", state: "paid", price: 1, currency: "CNY", payBy: 0, offer: false },
  }),
  "a version that is not written yet": (record) => ({ ...record, version: 9 }),
  "another item": (record) => ({ ...record, item: "other" }),
  "somebody else's ticket": (record) => ({ ...record, number: 1 }),
}

for (const [name, forge] of Object.entries(contradictions)) {
  test(`finds ${name} on a channel, also when the right word came after it`, async () => {
    const { world, channels, audit, last } = await decided()
    using _ = world
    channels.set("ben", [forge(last("ben")), last("ben")])
    const { findings, behind } = await audit()
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatch(/^(s\.\d|ben) is shown/)
    expect(behind).toEqual([])
  })
}

test("a channel that is empty or behind is found, and named to be told again", async () => {
  const { world, channels, audit, last } = await decided()
  using _ = world
  channels.set("ann", [])
  channels.set("ben", [{ ...last("ben"), version: 1, state: "queued" }])
  const { findings, behind } = await audit()
  expect(findings).toHaveLength(2)
  expect(behind).toEqual([
    { sale: "s", number: 1 },
    { sale: "s", number: 2 },
  ])
})

test("a channel whose last word is about an older ticket is behind", async () => {
  const { world, channels, audit, last } = await decided()
  using _ = world
  const before = last("ben")
  world.sale.leave(world.ticket(2))
  const leftRecord = recordOf(world.sale.book, world.ticket(2))
  const again = await world.admitted("ben", { key: "again" })
  await world.work()
  const now = recordOf(world.sale.book, world.ticket(again.number))
  channels.set("ben", [before, now, leftRecord])
  expect((await audit()).behind).toEqual([{ sale: "s", number: again.number }])
  channels.set("ben", [before, leftRecord, now])
  expect((await audit()).findings).toEqual([])
})

test("what is told while the audit looks is in time", async () => {
  const { world, channels, last } = await decided()
  using _ = world
  const right = last("ann")
  channels.set("ann", [])
  const { findings } = await auditChannels({
    database: world.database,
    now: world.now,
    read: async (user) => {
      const shown = channels.get(user) ?? []
      if (user === "ann") channels.set("ann", [right])
      return shown
    },
    patienceMs: 10_000,
  })
  expect(findings).toEqual([])
})

test("a channel whose last word is on its way is not behind, until that takes too long", async () => {
  const { world, channels, audit } = await decided()
  using _ = world
  channels.set("ann", [])
  world.database.run("UPDATE outbox SET sent = 0")
  expect(await audit()).toMatchObject({ findings: [], behind: [] })
  world.now += tellingMs + 1
  expect((await audit()).behind).toEqual([{ sale: "s", number: 1 }])
})
