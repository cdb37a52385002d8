// An event's id is the same in every repeat and no other event's, whatever becomes of the books: receivers drop repeats by it.
import { expect, test } from "bun:test"
import { startsAt, World } from "../test/world.ts"
import { OutboundTasks } from "./outbound-tasks.ts"
import { webhook } from "./webhook.ts"

const turns = async (done: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 500 && !done(); turn++) await Bun.sleep(2)
}

test("an id is never used twice: not after books were put away, nor by new books", async () => {
  const heard: { readonly id: string; readonly order: string }[] = []
  let refusals = 1
  await using shop = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      heard.push((await request.json()) as { id: string; order: string })
      return new Response(null, { status: refusals-- > 0 ? 500 : 204 })
    },
  })
  for (const order of ["s.1", "t.1", "t.1"]) {
    using world = new World()
    const tell = webhook({
      url: shop.url.href,
      secret: "secret",
      clock: () => startsAt,
      books: world.ledger.books,
    })
    const errands = new OutboundTasks({
      ...{ ledger: world.ledger, clock: () => world.now, log: () => {}, find: () => null },
      ...{ provider: world.provider, webhook: tell, refunds: world.refunds },
    })
    const event = async (about: string): Promise<void> => {
      const before = heard.length
      world.ledger.run(
        "INSERT INTO errands (kind, body, due_at) VALUES ('webhook', ?, 0)",
        JSON.stringify({ event: "won", order: about, at: world.now }),
      )
      errands.run()
      await turns(() => heard.length > before)
      await Bun.sleep(5)
      // The first call was refused.
      world.pass(1)
      errands.run()
      await Bun.sleep(20)
      // As when books are put away: the row's number is free again.
      world.ledger.run("DELETE FROM errands WHERE done_at IS NOT NULL")
    }
    await event(order)
    await event(`${order}0`)
  }
  expect(heard.map((each) => each.order)).toEqual(["s.1", "s.1", "s.10", "t.1", "t.10", "t.1", "t.10"])
  const ids = heard.map(({ id }) => id)
  expect(ids[1]).toBe(ids[0] as string)
  expect(new Set(ids).size).toBe(6)
})
