// The part of the suite that an engine can break, with Redis behind the server: a client cannot tell which engine it is.
import { afterAll, beforeAll, describe } from "bun:test"
import { RedisProcess } from "../support/redis-servers.ts"
import { useEngine } from "../support/server.ts"
import { deletion } from "./cases/deletion.ts"
import { idempotency } from "./cases/idempotency.ts"
import { labaFrames } from "./cases/laba-frames.ts"
import { manyChannels } from "./cases/many-channels.ts"
import { newest } from "./cases/newest.ts"
import { order } from "./cases/order.ts"
import { reset } from "./cases/reset.ts"
import { resume } from "./cases/resume.ts"
import { runCases } from "./suite.ts"

/** Bun ends an HTTP/1.1 connection on which a request came behind one that is not answered yet; the guide says so. */
const pipelined = "[C7] keeps the order of requests that one connection sends without waiting for answers"

describe("on redis", () => {
  let redis: RedisProcess
  beforeAll(async () => {
    redis = await RedisProcess.start({ config: { save: '""' } })
    useEngine(redis.url)
  }, 60_000)
  afterAll(async () => {
    useEngine(null)
    await redis[Symbol.asyncDispose]()
  })
  runCases("order", order, [pipelined])
  runCases("resume", resume)
  runCases("reset", reset)
  runCases("laba.v1", labaFrames)
  runCases("many channels", manyChannels)
  runCases("the newest message and HEAD", newest)
  runCases("deletion", deletion)
  runCases("idempotency", idempotency)
})
