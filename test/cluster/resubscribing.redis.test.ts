// A node that has lost its connection to Redis listens again to all it listened to: in few commands, however much that is.
import { expect, test } from "bun:test"
import type { Channel } from "../../src/channels/channel.ts"
import { readAddress } from "../../src/config/redis-address.ts"
import type { Message } from "../../src/engines/engine.ts"
import { RedisEngine } from "../../src/engines/redis/redis.ts"
import { defaultLimits } from "../../wire/limits.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { until } from "./stage.ts"

const channels = 2000

test("two thousand channels are listened to again in a handful of commands", async () => {
  await using redis = await RedisProcess.start()
  const read = readAddress(redis.url)
  if ("wrong" in read) throw new Error(read.wrong)
  const heard: Message[] = []
  const engine = new RedisEngine(
    { deliver: (message) => void heard.push(message), lost: () => {} },
    {
      address: read.address,
      prefix: "laba",
      routing: "targeted",
      historyBytesMax: 1e9,
      limits: defaultLimits,
    },
  )
  try {
    await engine.opened()
    const keep = { count: 10, bytes: 10_000, timeMs: 60_000 }
    const names = Array.from({ length: channels }, (_, at) => `/c/${at}` as Channel)
    await Promise.all(names.map((name) => engine.listen(name)))
    const calls = async (name: string): Promise<number> => {
      const stats = String(await redis.command("INFO", "commandstats"))
      return Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, "m").exec(stats)?.[1] ?? 0)
    }
    const listeners = async (): Promise<number> => {
      const counts = (await redis.command("PUBSUB", "CHANNELS", "laba:*")) as string[]
      return counts.length
    }
    expect(await listeners()).toBeGreaterThanOrEqual(channels)
    await redis.command("CONFIG", "RESETSTAT")
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(async () => (await calls("subscribe")) > 0 && (await listeners()) >= channels)
    await until(async () =>
      engine.probe().then(
        () => true,
        () => false,
      ),
    )
    // 500 names in each, one for the pulse, and room for a connection that broke once more.
    expect(await calls("subscribe")).toBeLessThanOrEqual(10)
    // Where each stands is asked for in scripts about many.
    expect(await calls("evalsha")).toBeLessThanOrEqual(200)
    for (const name of names)
      await engine.publish({ channel: name, type: "text/plain", data: "x", bytes: 1, id: name }, keep)
    await until(() => new Set(heard.map(({ channel }) => channel)).size === channels)
  } finally {
    await engine.close()
  }
}, 60_000)
