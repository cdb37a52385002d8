// Pages of others in a browser on this machine, which can send requests to every port of it.
import { expect, setDefaultTimeout, test } from "bun:test"
import { alarms, heartbeatOf, mailbox, payments, phone, subscribersChannel } from "../channels/names.ts"
import { startAlerts } from "./running-alerts.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

test("who has no token from our pages hears of no payment and of nothing else", async () => {
  await using alerts = await startAlerts()
  await alerts.pay("Ada", "+8613800138000")
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(alerts.demo.labaUrl + path, {
      headers: { Origin: "https://elsewhere.example", Accept: "text/event-stream", ...headers },
    })
  for (const path of [payments, phone, mailbox, subscribersChannel, alarms, heartbeatOf("log-1")]) {
    const answer = await ask(path)
    expect([path, answer.status]).toEqual([path, 401])
    await answer.body?.cancel()
  }
  const { token } = (await (await fetch(`${alerts.url}/api/listen-token`)).json()) as { token: string }
  const heard = await ask(payments, { Authorization: `Bearer ${token}` })
  expect(heard.status).toBe(200)
  await heard.body?.cancel()
  const published = await fetch(alerts.demo.labaUrl + payments, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: "1",
  })
  expect(published.status).toBe(403)
})

test("a name of somebody else's that points to this machine shows nothing and presses nothing", async () => {
  await using alerts = await startAlerts()
  const { port } = new URL(alerts.url)
  const headers = { Host: `elsewhere.example:${port}`, "Content-Type": "application/json" }
  for (const path of ["/", "/api/state", "/api/listen-token"])
    expect((await fetch(alerts.url + path, { headers })).status).toBe(403)
  const kill = await fetch(`${alerts.url}/api/heart/kill`, { method: "POST", headers, body: "{}" })
  expect(kill.status).toBe(403)
  expect((await alerts.state()).heart.isAlive).toBe(true)
  const ours = { Host: `localhost:${port}` }
  expect((await fetch(`${alerts.url}/api/state`, { headers: ours })).status).toBe(200)
})
