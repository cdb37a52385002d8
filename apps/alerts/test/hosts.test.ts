// The nodes of the deploy board and the log server's heart: real processes, and what is heard of them.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { startAlerts } from "./running-alerts.ts"

/** A busy machine takes its time to start processes. */
setDefaultTimeout(60_000)

describe("the deploy board", () => {
  test("hears a node start, stop, restart with the next version, and be lost", async () => {
    await using alerts = await startAlerts()
    const saidOf = (node: string) =>
      alerts.demo.alerts.deploys.items
        .filter((deploy) => deploy.node === node)
        .map(({ event, version }) => `${event} ${version}`)
        .reverse()
    const heard = async (node: string, count: number): Promise<string[]> => {
      while (saidOf(node).length < count) await Bun.sleep(20)
      return saidOf(node)
    }
    await heard("web-1", 1)
    await alerts.press("/api/nodes/web-1/stop")
    await alerts.press("/api/nodes/web-1/start")
    await heard("web-1", 3)
    await alerts.press("/api/nodes/web-1/restart")
    expect(await heard("web-1", 5)).toEqual([
      "started 1",
      "stopped 1",
      "started 1",
      "stopped 1",
      "restarted 2",
    ])
    await alerts.press("/api/nodes/web-1/kill")
    expect((await heard("web-1", 6)).at(-1)).toBe("lost 2")
    expect((await alerts.state()).nodes[0]).toEqual({ node: "web-1", version: 2, isRunning: false })
    expect(saidOf("web-2")).toEqual(["started 1"])
  })

  test("does with a node only what can be done", async () => {
    await using alerts = await startAlerts()
    for (const path of [
      "/api/nodes/web-9/stop",
      "/api/nodes/web-1/explode",
      "/api/heart/feed",
      "/api/nothing",
    ])
      expect((await alerts.press(path)).status).toBe(404)
  })
})

test("a heart that is killed is told at the channel and by mail, once, and so is that it beats again", async () => {
  await using alerts = await startAlerts()
  const { demo, press } = alerts
  await press("/api/heart/kill")
  expect(demo.alerts.heartbeat.pid).toBeNull()
  const silent = await alerts.until(({ alarms, letters }) => alarms.length === 1 && letters?.length === 1)
  expect(silent.alarms[0]).toMatchObject({ alarm: "silent", channel: "/hosts/log-1/heartbeat" })
  expect(silent.letters?.[0]?.subject).toContain("/hosts/log-1/heartbeat is silent: nothing for")
  await press("/api/heart/revive")
  const back = await alerts.until(({ alarms, letters }) => alarms.length === 2 && letters?.length === 2)
  expect(back.alarms[0]).toMatchObject({ alarm: "back" })
  expect(back.heart.isAlive).toBe(true)
}, 60_000)
