import { expect, test } from "bun:test"
import { World } from "../test/world.ts"
import { ListeningUsers } from "./listening-users.ts"

test("who listens watches, and so does for a moment who has just gone: between two polls everybody has", () => {
  using world = new World()
  let now = 0
  const watchers = new ListeningUsers(() => now)
  const { sale } = world
  expect(watchers.has(sale, "ann")).toBe(false)
  watchers.note(sale, "ann", true)
  now += 3_600_000
  expect(watchers.has(sale, "ann")).toBe(true)
  watchers.note(sale, "ann", false)
  now += 4999
  expect(watchers.has(sale, "ann")).toBe(true)
  now += 10_000
  expect(watchers.has(sale, "ann")).toBe(false)
})

test("who comes back before they are forgotten watches on", () => {
  using world = new World()
  let now = 0
  const watchers = new ListeningUsers(() => now)
  watchers.note(world.sale, "ann", true)
  watchers.note(world.sale, "ann", false)
  watchers.note(world.sale, "ann", true)
  now += 60_000
  expect(watchers.has(world.sale, "ann")).toBe(true)
})

test("a sale that is gone has no watchers", () => {
  using world = new World()
  const watchers = new ListeningUsers()
  watchers.note(world.sale, "ann", true)
  watchers.forget(world.sale)
  expect(watchers.has(world.sale, "ann")).toBe(false)
})
