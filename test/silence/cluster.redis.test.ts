// Three nodes over one Redis that watch the same: between them each alarm is told once, also when the one that told it dies.
import { describe, expect, test } from "bun:test"
import { readAddress } from "../../src/config/redis-address.ts"
import { RedisClient } from "../../src/redis/redis-client.ts"
import { RedisLeases } from "../../src/cluster/redis/redis-leases.ts"
import { publish } from "../support/publish.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { startServer } from "../support/server.ts"
import { alarmsAt } from "./alarms.ts"

const watch = [{ channel: "/heart", every: "500ms", silent: "2500ms", tell: [{ channel: "/alarms" }] }]

describe("a cluster", () => {
  test("tells that a channel is silent once, hears it on whichever node it speaks, and tells once that it is back", async () => {
    await using redis = await RedisProcess.start()
    const options = { engine: redis.url, watch, log: { level: "silent" } } as const
    await using a = await startServer(options)
    await using b = await startServer(options)
    await using c = await startServer(options)
    using alarms = await alarmsAt(c.base, "/alarms")
    // It speaks by turns on all of them, and nobody alarms.
    for (let beat = 0; beat < 30; beat++) {
      const node = [a, b, c][beat % 3] as typeof a
      await publish(`${node.base}/heart`, "beat")
      await Bun.sleep(100)
    }
    expect(alarms.heard).toEqual([])
    await alarms.has(1)
    await publish(`${b.base}/heart`, "beat")
    await alarms.has(2)
    await alarms.has(3)
    expect(alarms.heard.map(({ alarm }) => alarm)).toEqual(["silent", "back", "silent"])
    // Each silence is named after another message.
    expect(new Set(alarms.heard.filter(({ alarm }) => alarm === "silent").map(({ last }) => last)).size).toBe(
      2,
    )
    const page = await fetch(`${a.base}/alarms`, { method: "HEAD" })
    expect(page.headers.get("laba-history-length")).toBe("3")
  }, 60_000)

  test("follows a node that died while it told, and knows what was told", async () => {
    await using redis = await RedisProcess.start()
    const read = readAddress(redis.url)
    if (!("address" in read)) throw new Error(read.wrong)
    const link = new RedisClient({ address: read.address, prefix: "laba" })
    using _ = { [Symbol.dispose]: () => link.close() }
    await link.opened(10_000)
    const [one, two] = [new RedisLeases(link, "alarms"), new RedisLeases(link, "alarms")]
    expect(await one.acquire("silent /heart e-1", 60_000)).toBe("ours")
    expect(await two.acquire("silent /heart e-1", 60_000)).toBe("held")
    // Who holds it renews it; here for a moment only, and then it is as if it had died.
    expect(await one.acquire("silent /heart e-1", 50)).toBe("ours")
    while ((await two.acquire("silent /heart e-1", 60_000)) === "held") await Bun.sleep(10)
    expect(await one.acquire("silent /heart e-1", 60_000)).toBe("held")
    await two.markDone("silent /heart e-1", 60_000)
    expect(await one.acquire("silent /heart e-1", 60_000)).toBe("done")
    expect(await one.acquire("silent /heart e-2", 60_000)).toBe("ours")
  }, 60_000)
})
