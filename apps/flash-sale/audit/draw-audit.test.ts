import { expect, test } from "bun:test"
import { drawRecord } from "../http/views/sale-view.ts"
import { startsAt, World } from "../test/world.ts"
import { auditDecisions, auditRecord } from "./draw-audit.ts"

async function drawn(mode: "shuffle" | "lottery"): Promise<World> {
  const world = new World(
    {
      mode,
      lobbyAt: startsAt - 60_000,
      drawAt: startsAt + 1000,
      items: [{ id: "i", title: "A thing", stock: 5, price: 1 }],
    },
    mode === "shuffle" ? 30 : 0,
  )
  for (let user = 0; user < 20; user++) await world.admitted(`u${user}`)
  return world
}

for (const mode of ["shuffle", "lottery"] as const) {
  test(`anybody gets the same order from what is published of a ${mode}`, async () => {
    using world = await drawn(mode)
    expect(drawRecord(world.sale)).toMatchObject({ seed: null, entries: null, order: null })
    world.pass(60)
    await world.work()
    const record = drawRecord(world.sale)
    expect(auditRecord(record)).toEqual([])
    expect(auditDecisions(world.database, "s")).toEqual([])
    const [first, second, ...rest] = record.order ?? []
    expect(auditRecord({ ...record, order: [second as number, first as number, ...rest] })).not.toEqual([])
    expect(auditRecord({ ...record, seed: "00" })).toHaveLength(2)
  })
}

test("the audit finds who was served before their turn", async () => {
  using world = await drawn("shuffle")
  world.pass(60)
  await world.work()
  const { results } = world.database.query("SELECT results FROM outbox LIMIT 1").get() as { results: string }
  const swapped = (JSON.parse(results) as unknown[]).toReversed()
  world.database.run("UPDATE outbox SET results = ? WHERE id = 1", [JSON.stringify(swapped)])
  expect(auditDecisions(world.database, "s")).not.toEqual([])
})
