// The demo among people who mean it no good: whatever is sent to any of its addresses, it answers, and not with a failure
// of its own.
import { expect, setDefaultTimeout, test } from "bun:test"
import { assertSturdy } from "../../kit/test/hostile-requests.ts"
import { startAlerts } from "./running-alerts.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

test("whatever is sent is answered without a failure, and the answer tells nothing of the inside", async () => {
  const lines: string[] = []
  await using alerts = await startAlerts({ log: (line) => lines.push(line) })
  await assertSturdy(alerts.url, {
    paths: [
      "/",
      "/deploys",
      "/heart",
      "/pages/payments.js",
      "/api/state",
      "/api/listen-token",
      "/api/payments",
      "/api/subscribers/mail/*",
      "/api/subscribers/*/retry",
      "/api/nodes/web-1/*",
      "/api/heart/*",
    ],
    bodies: [{ name: "Ada", phone: "+8613800138000", plan: "year", language: "en" }],
  })
  expect(lines).toEqual([])
  expect((await fetch(`${alerts.url}/api/state`)).status).toBe(200)
})
