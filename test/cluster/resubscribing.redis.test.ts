// A node that has lost its connection to Redis listens again to all it listened to: in few commands, however much that is.
import { expect, test } from "bun:test"
import type { Channel } from "../../src/channels/channel.ts"
import { readAddress } from "../../src/config/redis-address.ts"
import type { EngineEvents, Message } from "../../src/engines/engine.ts"
import { RedisEngine } from "../../src/engines/redis/redis-engine.ts"
import { defaultLimits } from "../../wire/limits.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { until } from "./stage.ts"

const channels = 2000

async function openEngine(url: string, events: EngineEvents, pulseMs = 1000): Promise<RedisEngine> {
  const read = readAddress(url)
  if ("wrong" in read) throw new Error(read.wrong)
  const engine = new RedisEngine(events, {
    address: read.address,
    prefix: "laba",
    routing: "targeted",
    historyBytesMax: 1e9,
    limits: defaultLimits,
    pulseMs,
  })
  await engine.opened()
  return engine
}

/** To how many channels of Redis somebody is subscribed, the pulse too. */
const listeners = async (redis: RedisProcess): Promise<number> => {
  const clients = String(await redis.command("CLIENT", "LIST", "TYPE", "pubsub"))
  return [...clients.matchAll(/ sub=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
}

test("two thousand channels are listened to again in a handful of commands", async () => {
  await using redis = await RedisProcess.start()
  const heard: Message[] = []
  const engine = await openEngine(redis.url, {
    deliver: (message) => void heard.push(message),
    lost: () => {},
  })
  try {
    const keep = { count: 10, bytes: 10_000, timeMs: 60_000 }
    const names = Array.from({ length: channels }, (_, at) => `/c/${at}` as Channel)
    await Promise.all(names.map((name) => engine.listen(name)))
    const calls = async (name: string): Promise<number> => {
      const stats = String(await redis.command("INFO", "commandstats"))
      return Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, "m").exec(stats)?.[1] ?? 0)
    }
    expect(await listeners(redis)).toBeGreaterThanOrEqual(channels)
    await redis.command("CONFIG", "RESETSTAT")
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(async () => (await calls("subscribe")) > 0 && (await listeners(redis)) >= channels)
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

test("listening again to more than fits between two pulses ends, and keeps nobody new waiting", async () => {
  await using redis = await RedisProcess.start({ config: { save: '""' } })
  // A connection that is silent for three pulses is cut. The usual pulse is a second: there it takes a quarter of a million.
  const engine = await openEngine(redis.url, { deliver() {}, lost() {} }, 100)
  try {
    const many = 60_000
    const names = Array.from({ length: many }, (_, at) => `/channel/${at}` as Channel)
    for (let at = 0; at < many; at += 1000)
      await Promise.all(names.slice(at, at + 1000).map((name) => engine.listen(name)))
    await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(async () => (await listeners(redis)) > 0)
    // It need not wait for all the others.
    await until(() =>
      engine.listen("/new" as Channel).then(
        () => true,
        () => false,
      ),
    )
    expect(await listeners(redis)).toBeLessThan(many)
    await until(async () => (await listeners(redis)) > many)
  } finally {
    await engine.close()
  }
}, 90_000)
