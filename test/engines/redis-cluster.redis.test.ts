import { afterAll, beforeAll } from "bun:test"
import { RedisCluster } from "../support/redis-servers.ts"
import { engineContract } from "./contract.ts"
import { redisMaker } from "./redis-maker.ts"

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await RedisCluster.start()
}, 120_000)
afterAll(() => cluster[Symbol.asyncDispose]())

engineContract(
  "redis cluster",
  redisMaker(() => cluster.url, { partitions: 4 }),
)
engineContract(
  "redis cluster, broadcast",
  redisMaker(() => cluster.url, { partitions: 4, routing: "broadcast" }),
)
