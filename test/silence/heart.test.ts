// The real thing: a heart in a process of its own is killed, the alarm comes, the heart is started again, and that is told.
// In a fifth of the usual times, so that it fits between other tests; LABA_FULL_TIMES=1 runs it with 5 s and 30 s, and
// holds the alarm to 31 s.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { LabaProcess } from "../cli/laba.ts"
import { startServer } from "../support/server.ts"
import { alarmsAt } from "./alarms.ts"

const isFull = process.env["LABA_FULL_TIMES"] === "1"
const [everySeconds, silentSeconds] = isFull ? [5, 30] : [1, 6]

const startHeart = (url: string) =>
  Bun.spawn([process.execPath, join(import.meta.dir, "heart.ts"), url, String(everySeconds * 1000)], {
    stdio: ["ignore", "inherit", "inherit"],
  })

test(
  "a heart that is killed is told of once, by the server and by `laba watch`, and so is that it beats again",
  async () => {
    const channel = "/hosts/log-1/heartbeat"
    await using server = await startServer({
      watch: [{ channel, every: everySeconds, silent: silentSeconds, tell: [{ channel: "/alarms" }] }],
      log: { level: "silent" },
    })
    using alarms = await alarmsAt(server.base, "/alarms")
    const rhythm = ["--every", `${everySeconds}s`, "--silent", `${silentSeconds}s`]
    await using outside = new LabaProcess([
      "watch",
      server.base + channel,
      ...rhythm,
      "--publish",
      "/alarms/outside",
    ])
    using outsideAlarms = await alarmsAt(server.base, "/alarms/outside")

    const heart = startHeart(server.base + channel)
    using __ = { [Symbol.dispose]: () => heart.kill("SIGKILL") }
    // Beats long enough that an alarm at the start would have come.
    await Bun.sleep(silentSeconds * 1000 * (isFull ? 0.2 : 1.2))
    expect(alarms.heard).toEqual([])

    heart.kill("SIGKILL")
    await heart.exited
    const killedAt = performance.now()
    const [silent] = await alarms.has(1)
    if (isFull) expect(performance.now() - killedAt).toBeLessThan(31_000)
    expect(silent).toMatchObject({ alarm: "silent", channel, everySeconds })
    expect(silent?.silentSeconds).toBeGreaterThanOrEqual(silentSeconds)
    await outsideAlarms.has(1)

    const again = startHeart(server.base + channel)
    using ___ = { [Symbol.dispose]: () => again.kill("SIGKILL") }
    await Promise.all([alarms.has(2), outsideAlarms.has(2)])
    for (const { heard } of [alarms, outsideAlarms])
      expect(heard.map(({ alarm }) => alarm)).toEqual(["silent", "back"])
    await outside.says(
      /is silent: nothing for [\d.]+ s, expected every [\d.]+ s\.\n.* is back, after [\d.]+ s/,
    )
  },
  isFull ? 90_000 : 60_000,
)
