import { expect, test } from "bun:test"
import { within } from "./within.ts"

test("says whether the work was done in time", async () => {
  expect(await within(60_000, Promise.resolve("done"))).toBe(true)
  expect(await within(1, new Promise(() => {}))).toBe(false)
})

test("rejects when the work fails in time, and lets it fail unheard afterwards", async () => {
  await expect(within(60_000, Promise.reject(new Error("failed")))).rejects.toThrow("failed")
  const work = Promise.withResolvers<void>()
  expect(await within(1, work.promise)).toBe(false)
  work.reject(new Error("late"))
  await Bun.sleep(1)
})
