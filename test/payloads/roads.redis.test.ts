// What was published on one node is what arrives on another.
import { afterAll, beforeAll, describe, setDefaultTimeout } from "bun:test"
import { RedisProcess } from "../support/redis-servers.ts"
import { runRoads } from "./road-suite.ts"
import { openScene, type Scene } from "./scene.ts"

setDefaultTimeout(60_000)

describe("from node to node over Redis", () => {
  let redis: RedisProcess
  let nodes: readonly [Scene, Scene]
  beforeAll(async () => {
    redis = await RedisProcess.start({ config: { save: '""' } })
    nodes = [await openScene({ engine: redis.url }), await openScene({ engine: redis.url })]
  })
  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })
  runRoads(() => ({ into: nodes[0], outOf: nodes[1] }))
})
