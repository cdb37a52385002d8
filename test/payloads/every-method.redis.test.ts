// What was published on one node is what arrives on another.
import { afterAll, beforeAll, describe, setDefaultTimeout } from "bun:test"
import { RedisProcess } from "../support/redis-servers.ts"
import { testEveryMethod } from "./method-suite.ts"
import { startPayloadServer, type PayloadServer } from "./payload-server.ts"

setDefaultTimeout(60_000)

describe("from node to node over Redis", () => {
  let redis: RedisProcess
  let nodes: readonly [PayloadServer, PayloadServer]
  beforeAll(async () => {
    redis = await RedisProcess.start({ config: { save: '""' } })
    nodes = [await startPayloadServer({ engine: redis.url }), await startPayloadServer({ engine: redis.url })]
  })
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })
  testEveryMethod(() => ({ into: nodes[0], outOf: nodes[1] }))
})
