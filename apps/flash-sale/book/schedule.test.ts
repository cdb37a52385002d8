// When a sale starts, and that whatever moves it leaves settings that a restart can read.
import { expect, test } from "bun:test"
import { startsAt, World } from "../test/world.ts"

test("a sale that is opened by hand just as its time has come restarts", () => {
  using world = new World({ drawAt: startsAt })
  world.pass(1)
  world.sale.openNow()
  world.revive()
  expect(world.sale.book).toMatchObject({ phase: "open", settings: { startsAt } })
})

test("a start that is moved to the beginning of time takes its lobby along as far as there is any", () => {
  using world = new World({ mode: "shuffle", lobbyAt: startsAt - 60_000 }, 100)
  expect(world.sale.reschedule(1000)).toBe(true)
  world.revive()
  expect(world.sale.book.settings).toMatchObject({ startsAt: 1000, lobbyAt: 0 })
})

test("settings that a restart could not read are not written", () => {
  using world = new World()
  expect(() => world.sale.setInflow(-1)).toThrow()
  expect(world.sale.book).toMatchObject({ inflowPerSecond: null, settings: { inflowPerSecond: null } })
  world.revive()
  expect(world.sale.book.inflowPerSecond).toBeNull()
})
