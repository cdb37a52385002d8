// A stream of Redis for each server that reads.
import { Redis } from "ioredis"
import { RedisProcess } from "../../test/support/redis-servers.ts"
import { type BenchSource, type Messages, payloadOf } from "./source.ts"

const batch = 1000

export async function redisStreamSource(messages: Messages): Promise<BenchSource> {
  const server = await RedisProcess.start()
  const redis = new Redis(server.url)
  return {
    async prepare(reader) {
      await redis.xgroup("CREATE", reader, reader, "0", "MKSTREAM")
    },
    async write(reader, from, count) {
      for (let at = from; at < from + count; at += batch) {
        const some = redis.pipeline()
        for (let each = at; each < Math.min(at + batch, from + count); each++)
          some.xadd(reader, "*", "method", "publish", "payload", payloadOf(each, messages))
        await some.exec()
      }
    },
    laba: (reader) => ({
      redisStream: { url: server.url, stream: reader, group: reader, body: "payload" },
      to: "/{json.channel}",
      data: "{json.data}",
    }),
    centrifugo: (reader) => ({
      type: "redis_stream",
      redis_stream: {
        address: server.url,
        streams: [reader],
        consumer_group: reader,
        payload_value: "payload",
        method_value: "method",
      },
    }),
    async [Symbol.asyncDispose]() {
      redis.disconnect()
      await server[Symbol.asyncDispose]()
    },
  }
}
