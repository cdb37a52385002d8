// A Redis that is started again, with all it had written: its numbering is another, and a dead heart stays dead.
import { expect, test } from "bun:test"
import { until } from "../cluster/stage.ts"
import { publish } from "../support/publish.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { startServer } from "../support/server.ts"
import { alarmsAt } from "./alarms.ts"

const tell = [{ channel: "/alarms" }]
const watch = [
  { channel: "/heart", every: "200ms", silent: "1s", tell },
  { channel: "/other", every: "200ms", silent: "1s", tell },
]

test("a Redis that was restarted with its log does not make a dead heart seem to beat", async () => {
  await using redis = await RedisProcess.start({ config: { appendonly: "yes", appendfsync: "always" } })
  await using node = await startServer({ engine: redis.url, watch, log: { level: "silent" } })
  using alarms = await alarmsAt(node.base, "/alarms")
  const of = (channel: string) => alarms.heard.filter((alarm) => alarm.channel === channel)
  const epoch = async () => (await fetch(`${node.base}/heart`, { method: "HEAD" })).headers.get("laba-cursor")
  await publish(`${node.base}/heart`, "beat")
  await until(() => of("/heart").length === 1)
  const before = await epoch()
  await redis.restart()
  await until(async () => (await fetch(`${node.base}/_/ready`)).ok)
  expect(await epoch()).not.toBe(before)
  // Another voice comes back: by then both were looked at, in the new numbering.
  await publish(`${node.base}/other`, "beat")
  await until(() => of("/other").some(({ alarm }) => alarm === "back"))
  const beatAt = Date.now()
  await publish(`${node.base}/heart`, "beat")
  await until(() => of("/heart").length >= 2)
  const [silent, back] = of("/heart")
  expect([silent?.alarm, back?.alarm]).toEqual(["silent", "back"])
  // It was told when the heart beat, and not when Redis was back.
  expect(back?.time).toBeGreaterThanOrEqual(beatAt)
}, 60_000)
