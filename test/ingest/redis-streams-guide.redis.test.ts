// What the guide says of Redis streams, as it stands there: its example, and the rights that it names.
import { expect, test } from "bun:test"
import { redisStream } from "../../src/ingest/redis-streams/redis-streams.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { readText } from "../tree.ts"
import { runGuide } from "./guide-page.ts"
import { Received } from "./received.ts"

test("the page of Redis streams runs", async () => {
  await using redis = await RedisProcess.start()
  const history = await runGuide("redis-stream", { from: "6379", to: String(redis.port) })
  expect(history).toContain('"data":{"order":"A-1","price":1.00}')
}, 60_000)

test("the rights that the page names are enough", async () => {
  await using redis = await RedisProcess.start()
  const [, rights = ""] =
    /where Redis has rights: `([^`]+)`/.exec(readText("docs/guide/ingest-redis-stream.md")) ?? []
  await redis.command("ACL", "SETUSER", "laba", "on", ">secret", ...rights.split(/\s+/))
  const url = redis.url.replace("//", "//laba:secret@")
  const settings = redisStream.schema.parse({ url, stream: "sale-results" })
  const received = new Received()
  const context = { name: "x", node: null, clientId: "x", inFlight: { messages: 10, bytes: 1000 } }
  const source = await redisStream.open(settings, received, context)
  received.source = source
  await received.says(/running/)
  await redis.command("XADD", "sale-results", "*", "data", "m")
  await received.has(1)
  expect(await source.lag()).not.toBeNull()
  await source.close()
  expect(received.events).toEqual(["running"])
  expect(((await redis.command("XPENDING", "sale-results", "laba")) as number[])[0]).toBe(0)
}, 60_000)
