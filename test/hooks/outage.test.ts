// A slice of the outage: ten thousand attempts to come back while the backend is gone for seconds instead of ten minutes.
import { expect, test } from "bun:test"
import { runOutage } from "./outage.ts"

test("[H15, H16] a backend that was gone hears the end of every connection once, in order, within its bound", async () => {
  const report = await runOutage({ connections: 400, reconnects: 10_000, seconds: 4, concurrency: 16 })
  expect(report).toMatchObject({
    lost: [],
    doubled: [],
    disordered: [],
    missed: [],
    problems: [],
    opened: 800,
    turnedAway: 10_000,
  })
  expect(report.told).toBeGreaterThanOrEqual(800)
  // Five of each before it went and when it was back, and some while it went.
  expect(report.messages).toBeGreaterThanOrEqual(400 * 11)
  expect(report.messages).toBeLessThan(400 * 15)
  expect(report.peak).toBeGreaterThan(8)
  expect(report.peak).toBeLessThanOrEqual(16)
}, 240_000)
