import { expect, test } from "bun:test"
import { ServerClock } from "./server-clock.ts"

/** A world where answers take as long as it is told; the server's clock is 1,000,000 ahead of the monotonic one. */
function world(roundTripsMs: readonly number[], answeredAfter = 0.5) {
  let now = 0
  let at = 0
  const clock = new ServerClock(() => now)
  const sync = () =>
    clock.sync(async () => {
      const roundTrip = roundTripsMs[at++] as number
      now += roundTrip * answeredAfter
      const server = now + 1_000_000
      now += roundTrip * (1 - answeredAfter)
      return server
    }, roundTripsMs.length)
  return { clock, sync, wait: (ms: number) => (now += ms), error: () => clock.now() - (now + 1_000_000) }
}

test("an answer that took equally long both ways is exact", async () => {
  const { sync, error, wait } = world([80])
  await sync()
  wait(5000)
  expect(error()).toBe(0)
})

test("of several answers the quickest counts: its error is at most half its round trip", async () => {
  const { sync, error } = world([2000, 40, 900], 0.9)
  await sync()
  expect(Math.abs(error())).toBeLessThanOrEqual(20)
})
