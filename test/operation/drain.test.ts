// A node that goes away says so first. How it then paces itself is in src/transports/connections/connections.test.ts.
import { expect, test } from "bun:test"
import { serve } from "../../src/server/index.ts"
import { textOf } from "../support/heard.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"

test("says that it is not ready, and serves as before until the grace is over", async () => {
  const lines: string[] = []
  const laba = await serve({
    listen: { port: 0 },
    limits: { drainGraceSeconds: 4, drainSeconds: 0 },
    log: { level: "info", format: "json" },
    logTo: (line) => void lines.push(line),
  })
  await using early = await listenByRawSocket(`${laba.url}/c`)
  const closed = laba.close()
  const ready = await fetch(`${laba.url}/_/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ["draining"] }])
  expect((await fetch(`${laba.url}/_/live`)).status).toBe(200)
  // A balancer that has not asked yet still sends people here.
  await using late = await listenByRawSocket(`${laba.url}/c`)
  await fetch(`${laba.url}/c`, { method: "POST", body: "meanwhile" })
  for (const listener of [early, late]) {
    expect(textOf(await listener.message())).toBe("meanwhile")
    expect(await listener.end()).toMatchObject({ number: 1012 })
  }
  await closed
  const events = lines.map((line) => (JSON.parse(line) as { event: string }).event)
  expect(events.filter((event) => event !== "start_warning")).toEqual(["started", "draining", "stopped"])
})
