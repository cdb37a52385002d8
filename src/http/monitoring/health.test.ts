import { expect, test } from "bun:test"
import { Readiness, ready } from "./health.ts"

function stage(probe: () => unknown) {
  const clock = { ms: 0 }
  const state = { leaving: false, probes: 0, told: [] as unknown[] }
  const readiness = new Readiness({
    leaving: () => state.leaving,
    probe: () => {
      state.probes++
      return probe()
    },
    onUnavailable: (error) => void state.told.push(error),
    now: () => clock.ms,
  })
  return { readiness, state, clock }
}

test("is ready until it leaves", async () => {
  const { readiness, state } = stage(() => "here")
  const answer = ready(readiness)
  expect((await answer()).status).toBe(200)
  state.leaving = true
  const response = await answer()
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ ready: false, reasons: ["draining"] })
})

test("is not ready while the engine cannot be reached, and tells of it once", async () => {
  let away = true
  const { readiness, state, clock } = stage(async () => {
    if (away) throw new Error("away")
  })
  for (let i = 0; i < 3; i++) {
    expect(await readiness.reasons()).toEqual(["engine_unavailable"])
    clock.ms += 1000
  }
  expect(state.told).toHaveLength(1)
  away = false
  expect(await readiness.reasons()).toEqual([])
})

test("asks the engine once a second, however often it is asked, and once at a time", async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { readiness, state, clock } = stage(() => promise)
  const asked = Array.from({ length: 50 }, () => readiness.reasons())
  resolve()
  expect(await Promise.all(asked)).toEqual(Array(50).fill([]))
  expect(state.probes).toBe(1)
  clock.ms = 999
  await readiness.reasons()
  expect(state.probes).toBe(1)
  clock.ms = 1000
  await readiness.reasons()
  expect(state.probes).toBe(2)
})
