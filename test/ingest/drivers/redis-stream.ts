// A Redis stream as the suite of all sources drives it.
import { Redis } from "ioredis"
import { RedisProcess } from "../../support/redis-servers.ts"
import type { SourceDriver } from "../driver.ts"

export async function redisStreamDriver(): Promise<SourceDriver> {
  // What it answered it has on the disk, so that it can be killed.
  const redis = await RedisProcess.start({ config: { appendonly: "yes", appendfsync: "always" } })
  const client = new Redis({
    host: "127.0.0.1",
    port: redis.port,
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  })
  client.on("error", () => {})
  let written = 0
  return {
    ingest: { redisStream: { url: redis.url, stream: "orders" } },
    async produce(messages) {
      await Promise.all(
        messages.map(({ key, body }) => {
          // By ids of its own, so that what was written before an answer was lost is not written twice.
          const id = `${++written}-0`
          return client
            .call("XADD", "orders", id, "key", key, "data", Buffer.from(body ?? ""))
            .catch((error: Error) => {
              if (!error.message.includes("equal or smaller")) throw error
            })
        }),
      )
    },
    kill: () => redis.kill(),
    restart: () => redis.restart(),
    async unacknowledged() {
      const [group] = (await redis.command("XINFO", "GROUPS", "orders")) as unknown[][]
      if (!group) throw new Error("There is no group.")
      const fact = (name: string) => Number(group[group.indexOf(name) + 1] ?? Infinity)
      return fact("pending") + fact("lag")
    },
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await redis[Symbol.asyncDispose]()
    },
  }
}
