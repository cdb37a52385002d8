// A sale on a disk that is full: who cannot be written down is told so, nothing that was promised is lost, and with room
// it goes on by itself.
import { expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { smallDisk } from "../../../test/support/small-disk.ts"
import { World } from "./world.ts"

/** Leaves no room at all. */
function fill(path: string): void {
  for (const size of [65_536, 4096]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" })
    } catch (error) {
      if (!String(error).includes("ENOSPC")) throw error
    }
  }
}

test("a full disk is NOT_SAVED, breaks no promise and does not hold the loop; with room the sale goes on", async () => {
  using disk = smallDisk(8)
  const items = [{ id: "i", title: "A thing", stock: 1000, price: 100 }]
  using world = new World({ items, reserve: 100_000 }, 0, join(disk.path, "ledger.sqlite"))
  const knock = async (user: string): Promise<boolean> => {
    const answer = await world.enter(user)
    if ("ticket" in answer) return true
    expect(answer).toEqual({ refused: "NOT_SAVED", retryAfterSeconds: 1 })
    return false
  }
  for (let user = 0; user < 300; user++) expect(await knock(`early${user}`)).toBe(true)
  await world.work()
  const ballast = join(disk.path, "ballast")
  fill(ballast)

  const refused: string[] = []
  const written: string[] = []
  const { replays } = world.sale
  // Ten seconds of a crowd. What was written before leaves some room in the log, so the first may still get in.
  for (let turn = 0; turn < 500; turn++) {
    const user = `late${turn}`
    ;((await knock(user)) ? written : refused).push(user)
    await world.work()
    world.pass(0.02)
  }
  expect(refused.length).toBeGreaterThan(100)
  expect(world.sale.replays - replays).toBeLessThan(18)
  expect(refused.filter((user) => world.sale.book.byUser.has(user))).toEqual([])
  expect(written.filter((user) => !world.sale.book.byUser.has(user))).toEqual([])
  expect(await world.enter("early0", { key: "another" })).toEqual({ refused: "ALREADY_IN", number: 1 })
  expect(world.findings()).toEqual([])

  rmSync(ballast)
  world.pass(2)
  // Under the key that was refused.
  for (const user of refused) expect(await knock(user)).toBe(true)
  await world.work()
  const { tickets } = world.sale.book
  expect(tickets).toHaveLength(800)
  for (const { user, number, state } of tickets) {
    expect(state).toBe("won")
    expect(world.seen.get(`/@${user}/sales/s#${number}`)).toMatchObject({ state })
  }
  const unsent = world.database.query("SELECT count(*) AS n FROM outbox WHERE sent = 0").get()
  expect(unsent).toEqual({ n: 0 })
  expect(world.findings()).toEqual([])
  world.revive()
  expect(world.sale.book.tickets).toHaveLength(800)
}, 60_000)
