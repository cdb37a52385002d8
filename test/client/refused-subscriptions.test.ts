// Subscriptions that the server refuses or ends: taken again as the code says, and no sooner than it says.
import { expect, test } from "bun:test"
import { startSimulation } from "./simulation.ts"

test("[E7] takes a refused subscription again no sooner than it was told", async () => {
  const { laba, clock, server } = startSimulation()
  const channel = laba.channel("/a")
  await clock.pass(100)
  const detail = "Too many subscribes in a second on this connection."
  const facts = { retryAfter: 60, limit: "subscribesPerConnectionPerSecond" } as const
  const reasons: unknown[] = []
  channel.on("state", ({ reason }) => reasons.push(reason))
  server.tell("/a", {
    op: "error",
    channel: "/a",
    code: "too_many_requests",
    detail,
    retry: "back-off",
    ...facts,
  })
  await clock.pass(100)
  expect(reasons[0]).toEqual({
    code: "too_many_requests",
    retry: "back-off",
    detail,
    retryAfterMs: 60_000,
    limit: "subscribesPerConnectionPerSecond",
  })
  await clock.pass(59_000)
  expect(channel.state).toBe("waiting")
  await clock.pass(2_000)
  expect(channel.state).toBe("open")
})

test("[L15] takes an ended subscription again as its code says", async () => {
  const { laba, clock, server } = startSimulation()
  const channel = laba.channel("/a")
  const states: unknown[] = []
  channel.on("state", ({ state, reason }) => states.push(reason ? `${state} ${reason.code}` : state))
  await clock.pass(100)
  server.tell("/a", { op: "error", channel: "/a", code: "engine_unavailable", detail: "", retry: "back-off" })
  await clock.pass(5_000)
  server.tell("/a", { op: "error", channel: "/a", code: "forbidden", detail: "", retry: "stay-away" })
  await clock.pass(5_000)
  expect(states).toEqual([
    "connecting",
    "open",
    "waiting engine_unavailable",
    "connecting",
    "open",
    "closed forbidden",
  ])
  expect(laba.state).toBe("open")
  await expect(channel.ready()).rejects.toMatchObject({ code: "forbidden" })
})
